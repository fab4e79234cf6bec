# SPDX-License-Identifier: Apache-2.0
"""Figures of many partitions and of recovery: creation, kill -9 under load, start and stop.

The client is as small as one can be: a record goes to every partition in one request for each
topic, so that what is measured is the broker's time. What the same requests take once everything
is warm is the client's own time.
"""

import os
import random
import signal
import struct
import threading
import time

from brokers import ApacheKafka, Odradek
from wire import CRC32C_POLYNOMIAL, PRODUCE, Client, Refused, crc32c, record_batch, string

MIB = 1024  # in KiB
PATIENCE_S = 300
ANSWER = struct.Struct(">ihqqq")  # partition, error, base offset, append time, log start
SHARE = 2500  # partitions in one request: what Kafka's default socket.request.max.bytes allows


def request_of(topic, partitions, batch):
    head = struct.pack(">hhii", -1, -1, 120000, 1) + string(topic)
    head += struct.pack(">i", len(partitions))
    size = struct.pack(">i", len(batch))
    return head + b"".join(struct.pack(">i", one) + size + batch for one in partitions)


def refused_of(answer, topic, count):
    """The partitions that an answer of Produce 7 names with an error, and one of the errors."""
    start = 4 + len(string(topic)) + 4
    rows = ANSWER.iter_unpack(answer[start : start + count * ANSWER.size])
    refused = [(row[0], row[1]) for row in rows if row[1] != 0]
    return [row[0] for row in refused], refused[0][1] if refused else 0


def produce_to_each(client, topics, batch):
    """One record to each partition of `topics` (name: count), until each is acknowledged."""
    deadline = time.monotonic() + PATIENCE_S
    for topic, count in topics.items():
        missing = list(range(count))
        while missing:
            share, missing = missing[:SHARE], missing[SHARE:]
            answer = client.call(PRODUCE, 7, request_of(topic, share, batch))
            refused, error = refused_of(answer, topic, len(share))
            missing += refused
            if refused:
                if time.monotonic() > deadline:
                    raise Refused(f"Produce to {topic}: error {error}")
                time.sleep(0.01)


def produce_to_each_once_it_is_up(broker, topics, batch):
    """Begun while the broker starts."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            with Client(broker.port, timeout_s=PATIENCE_S) as client:
                return produce_to_each(client, topics, batch)
        except OSError:
            if time.monotonic() > deadline or broker.process.poll() is not None:
                raise
            time.sleep(0.002)


class DatedBatches:
    """Batches with one large value, each of the moment it is made: what changes with the time lies
    in front, so that the checksum of the value is computed once.
    """

    def __init__(self, value):
        sample = record_batch(value, 0)
        self.length, self.body = sample[8:12], sample[DATED_BYTES:]
        self.body_crc = crc32c(self.body)
        self.columns = behind_zeros(len(self.body))
        self.size = len(sample)

    def __call__(self):
        now_ms = int(time.time() * 1000)
        dated = struct.pack(">hiqqqhii", 0, 0, now_ms, now_ms, -1, -1, -1, 1)
        crc = shifted(self.columns, crc32c(dated)) ^ self.body_crc
        return b"".join((bytes(8), self.length, struct.pack(">ibI", -1, 2, crc), dated, self.body))


# Of a batch: the base offset, length, epoch, magic and checksum, and the fields up to the records.
DATED_BYTES = 61


def shifted(columns, crc):
    """The product of a matrix over GF(2) and a checksum."""
    out = 0
    for bit in range(32):
        if crc >> bit & 1:
            out ^= columns[bit]
    return out


def behind_zeros(count):
    """The matrix that gives the checksum of some bytes with `count` zero bytes behind them."""
    step = [1 << bit - 1 if bit else CRC32C_POLYNOMIAL for bit in range(32)]  # one zero bit
    for _ in range(3):
        step = [shifted(step, column) for column in step]
    matrix = [1 << bit for bit in range(32)]
    while count:
        if count & 1:
            matrix = [shifted(step, column) for column in matrix]
        step = [shifted(step, column) for column in step]
        count >>= 1
    return matrix


class Load:
    """Produces to every partition, again and again, from threads of its own, until the broker is
    gone.
    """

    def __init__(self, broker, topics, make_batch, connections):
        self.records = 0
        self.threads = [
            threading.Thread(target=self.produce, args=(broker, topics, make_batch))
            for _ in range(connections)
        ]
        for thread in self.threads:
            thread.start()

    def produce(self, broker, topics, make_batch):
        try:
            with Client(broker.port) as client:
                while True:
                    produce_to_each(client, topics, make_batch())
                    self.records += sum(topics.values())
        except (OSError, Refused):
            return

    def wait_for(self, records):
        deadline = time.monotonic() + PATIENCE_S
        while self.records < records and time.monotonic() < deadline:
            time.sleep(0.01)

    def join(self):
        for thread in self.threads:
            thread.join()


def seconds_of(action, *arguments):
    begun = time.monotonic()
    action(*arguments)
    return time.monotonic() - begun


def kill(broker):
    broker.process.send_signal(signal.SIGKILL)
    broker.process.wait()


def stop(broker):
    broker.process.terminate()
    broker.process.wait(PATIENCE_S)


def create(broker, topics, configs=None):
    with Client(broker.port, timeout_s=PATIENCE_S) as client:
        for topic, count in topics.items():
            client.create_topic(topic, count, configs)


class FiveThousand:
    """The rows of one broker with many partitions, in the order in which they are measured."""

    def __init__(self, broker, count):
        self.broker, self.topics = broker, {"many": count}
        self.batch = record_batch(b"x" * 100, int(time.time() * 1000))

    def produce(self):
        with Client(self.broker.port, timeout_s=PATIENCE_S) as client:
            produce_to_each(client, self.topics, self.batch)

    def create(self):
        def until_acknowledged():
            create(self.broker, self.topics)
            self.produce()

        whole_s = seconds_of(until_acknowledged)
        self.client_s = min(seconds_of(self.produce) for _ in range(3))
        return whole_s

    def crash(self):
        load = Load(self.broker, self.topics, lambda: self.batch, 4)
        load.wait_for(20 * sum(self.topics.values()))
        time.sleep(random.random() / 10)
        kill(self.broker)
        load.join()
        begun = time.monotonic()
        self.broker.spawn()
        produce_to_each_once_it_is_up(self.broker, self.topics, self.batch)
        return time.monotonic() - begun

    def run(self):
        self.create_s = self.create()
        self.crash_s = self.crash()
        self.resident_kib = self.broker.resident_kib(most=True)
        self.stop_s = seconds_of(stop, self.broker)


def many_partitions(run, figure):
    """Creation, a kill and a clean stop with 5,000 partitions."""
    count = run.options.partitions
    measured = {}
    for kind in run.kinds():
        with run.broker(kind) as broker:
            measured[kind] = FiveThousand(broker, count)
            measured[kind].run()
    ours, kafkas = measured[Odradek], measured.get(ApacheKafka)

    def row(what, seconds_of_one, bound_s):
        own_s = seconds_of_one(ours)
        yield figure(
            what,
            f"{own_s:.2f} s",
            f"{seconds_of_one(kafkas):.1f} s" if kafkas else "–",
            f"at most {bound_s:.2f} s",
            own_s <= bound_s,
        )

    client_s = ours.client_s
    yield from row(
        f"a topic of {count} partitions created, and a record acknowledged by each (the client's "
        f"own time: {client_s:.2f} s)",
        lambda one: one.create_s,
        client_s + 1,
    )
    yield from row(
        f"kill -9 with {count} partitions under load, restart, a record acknowledged by each",
        lambda one: one.crash_s,
        client_s + 1,
    )
    yield from row(f"clean stop with {count} partitions", lambda one: one.stop_s, 1)
    yield figure(
        "the most that was resident meanwhile, after the restart",
        f"{ours.resident_kib / MIB:.1f} MiB",
        f"{kafkas.resident_kib / MIB:.0f} MiB" if kafkas else "–",
        "at most 120 MiB",
        ours.resident_kib <= 120 * MIB,
    )


def crash_when_full(run, figure):
    """kill -9 under full load with much data; both promises."""
    partitions, gib = run.options.full_partitions, run.options.full_gib
    batches = DatedBatches(os.urandom(1 << 19))
    small = record_batch(b"x" * 100, int(time.time() * 1000))
    for promise, configs in (("default", None), ("write.caching=true", Odradek.page_cache)):
        with run.broker(Odradek) as broker:
            topics = {"full": partitions}
            create(broker, topics, configs)
            load = Load(broker, topics, batches, 2)
            load.wait_for(gib * (1 << 30) // batches.size)
            gib_s = load.records * batches.size / (1 << 30)
            kill(broker)
            load.join()
            begun = time.monotonic()
            broker.spawn()
            produce_to_each_once_it_is_up(broker, topics, small)
            seconds = time.monotonic() - begun
        yield figure(
            f"kill -9 under full load with {gib_s:.1f} GiB in {partitions} partitions, {promise}: "
            "restart until each has acknowledged",
            f"{seconds:.2f} s",
            "–",
            "at most 1.00 s",
            seconds <= 1,
        )


def fifty_thousand(run, figure):
    """Start and memory with very many partitions, each with a record."""
    topics = {f"very-many-{i}": run.options.very_many // 10 for i in range(10)}
    count = sum(topics.values())
    batch = record_batch(b"x" * 100, int(time.time() * 1000))
    with run.broker(Odradek) as broker:
        create_s = seconds_of(create, broker, topics)
        with Client(broker.port, timeout_s=PATIENCE_S) as client:
            produce_s = seconds_of(produce_to_each, client, topics, batch)
        files = len(os.listdir(f"/proc/{broker.process.pid}/fd"))
        print(f"  created in {create_s:.2f} s, a record to each in {produce_s:.2f} s, "
              f"{broker.resident_kib() / MIB:.0f} MiB, {files} open files", flush=True)  # fmt: skip
        for end, how in ((stop, "a clean stop"), (kill, "kill -9")):
            end_s = seconds_of(end, broker)
            begun = time.monotonic()
            broker.spawn()
            produce_first_to(broker, topics, batch)
            start_s = time.monotonic() - begun
            with Client(broker.port, timeout_s=PATIENCE_S) as client:
                produce_to_each(client, topics, batch)
            print(f"  {how}: ended in {end_s:.2f} s", flush=True)
            yield figure(
                f"start with {count} partitions after {how}, until the first acknowledges",
                f"{start_s:.2f} s",
                "–",
                "at most 5.00 s",
                start_s <= 5,
            )
        resident_kib = broker.resident_kib(most=True)
    yield figure(
        f"the most that was resident with {count} partitions, after a record to each",
        f"{resident_kib / MIB:.0f} MiB",
        "–",
        "at most 400 MiB",
        resident_kib <= 400 * MIB,
    )


def produce_first_to(broker, topics, batch):
    produce_to_each_once_it_is_up(broker, {next(iter(topics)): 1}, batch)
