# SPDX-License-Identifier: Apache-2.0
"""What durability costs: acks=all with write.caching=false, beside the bare disk and beside
write.caching=true, on the same file system and in the same run.
"""

import concurrent.futures
import ctypes
import os
import socket
import statistics
import struct
import time
import urllib.request

from brokers import Odradek
from wire import ALL_IN_SYNC, PRODUCE, Client, Refused, record_batch, string

CACHED = {"write.caching": "true"}
PARTITIONS = 6
IN_FLIGHT = 5
BATCH_BYTES = 64 * 1024
SLICE_MIB = 128
MS = 1000


class Measured(Odradek):
    """One that tells how often it flushed."""

    def command(self):
        return [*super().command(), "--set", f"metrics.listener=127.0.0.1:{self.other_port}"]

    def flushes(self):
        url = f"http://127.0.0.1:{self.other_port}/metrics"
        with urllib.request.urlopen(url, timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        counts = [line for line in lines if line.startswith("odradek_log_flush_seconds_count")]
        return sum(float(line.rpartition(" ")[2]) for line in counts)


def measure(run, figure):
    with run.broker(Measured) as broker:
        yield from one_at_a_time(run.options, broker, figure)
        yield from all_at_once(run.options, broker, figure)
        yield from stream(run.options, broker, figure)


def percentiles(seconds):
    cuts = statistics.quantiles(seconds, n=100)
    return statistics.median(seconds) * MS, cuts[98] * MS


def told(seconds):
    return "p50 {:.2f} ms, p99 {:.2f} ms".format(*percentiles(seconds))


def one_at_a_time(options, broker, figure):
    """Each record waits for its answer; the bare flush writes as many bytes to a file and waits for
    fdatasync. They take turns, so that both meet the same disk.
    """
    batch = record_batch(b"x" * 100, int(time.time() * 1000))
    answers, flushes = [], []
    file = os.open(broker.directory / "bare", os.O_RDWR | os.O_CREAT)
    with Client(broker.port) as client:
        client.create_topic("one-at-a-time", 1)
        client.produce("one-at-a-time", batch)
        for turn in range(10):
            for _ in range(options.latencies // 10):
                begun = time.perf_counter()
                client.produce("one-at-a-time", batch)
                answers.append(time.perf_counter() - begun)
            for _ in range(options.latencies // 10):
                begun = time.perf_counter()
                os.pwrite(file, batch, len(flushes) * len(batch))
                os.fdatasync(file)
                flushes.append(time.perf_counter() - begun)
    os.close(file)
    bound_ms = 2 * percentiles(flushes)[0] + 0.3
    yield figure(
        f"one record at a time, durable, {len(answers)} records",
        told(answers),
        f"the bare flush: {told(flushes)}",
        f"p50 at most twice the bare flush + 0.3 ms = {bound_ms:.2f} ms",
        percentiles(answers)[0] <= bound_ms,
    )


def frame(correlation_id, topic, batches):
    """A produce request as it goes over the wire; `batches` by partition."""
    body = struct.pack(">hhii", -1, ALL_IN_SYNC, 60000, 1) + string(topic)
    body += struct.pack(">i", len(batches))
    parts = [struct.pack(">hhih", PRODUCE, 7, correlation_id, -1) + body]
    for partition, batch in batches.items():
        parts += [struct.pack(">ii", partition, len(batch)), batch]
    whole = b"".join(parts)
    return struct.pack(">i", len(whole)) + whole


class Pipe:
    """One connection with several produce requests in flight."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.input = self.socket.makefile("rb", buffering=1 << 20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.input.close()
        self.socket.close()

    def send(self, request):
        self.socket.sendall(request)

    def receive(self, topic, partitions):
        """Answers come in the order of requests."""
        (length,) = struct.unpack(">i", self.input.read(4))
        answer = self.input.read(length)
        at = 4 + 4 + len(string(topic)) + 4
        for _ in range(partitions):
            # Partition, error, base offset, append time, log start.
            _, error = struct.unpack_from(">ih", answer, at)
            if error:
                raise Refused(f"Produce to {topic}: error {error}")
            at += 4 + 2 + 8 + 8 + 8


def all_at_once(options, broker, figure):
    """One record for each of many partitions in one request, as a producer sends them; the first
    ones make the files. The bare disk: the same bytes written to as many files, and one syncfs.
    """
    count = options.durable_partitions
    batch = record_batch(b"x" * 100, int(time.time() * 1000))
    request = frame(1, "all-at-once", dict.fromkeys(range(count), batch))
    seconds = []
    with Client(broker.port) as client, Pipe(broker.port) as pipe:
        client.create_topic("all-at-once", count)
        for _ in range(options.durable_rounds + 1):
            begun = time.perf_counter()
            pipe.send(request)
            pipe.receive("all-at-once", count)
            seconds.append(time.perf_counter() - begun)
    bare = [value * MS for value in bare_files(broker.directory, count, batch, options)]
    first, *others = [value * MS for value in seconds]
    yield figure(
        f"{count} partitions, one record each at once, durable",
        f"median {statistics.median(others):.0f} ms ({min(others):.0f} to {max(others):.0f}); the "
        f"first one {first:.0f} ms",
        f"bare files: median {statistics.median(bare[1:]):.0f} ms; the first one {bare[0]:.0f} ms",
        "all answered in at most 100 ms",
        statistics.median(others) <= 100 and first <= 100,
    )


def bare_files(directory, count, batch, options):
    """Each in a directory of its own, as partitions are: ext4 spreads directories over its groups,
    and a file's inode lies near its directory."""
    place = directory / "bare-files"
    for number in range(count):
        (place / str(number)).mkdir(parents=True)
    sync_file_system(place)
    handles = {}
    for turn in range(options.durable_rounds + 1):
        begun = time.perf_counter()
        for number in range(count):
            if number not in handles:
                file = place / str(number) / "file"
                handles[number] = os.open(file, os.O_RDWR | os.O_CREAT)
            os.pwrite(handles[number], batch, turn * len(batch))
        sync_file_system(place)
        yield time.perf_counter() - begun
    for handle in handles.values():
        os.close(handle)


def sync_file_system(place):
    handle = os.open(place, os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).syncfs(handle) != 0:
        raise OSError(ctypes.get_errno(), "syncfs")
    os.close(handle)


def large_batch():
    """One of 64 KiB, of one record."""
    now_ms = int(time.time() * 1000)
    overhead = len(record_batch(b"x" * 60000, now_ms)) - 60000
    batch = record_batch(os.urandom(BATCH_BYTES - overhead), now_ms)
    assert len(batch) == BATCH_BYTES
    return batch


def stream(options, broker, figure):
    """Six partitions, a batch of 64 KiB for each in a request, five requests in flight; durable,
    cached, and a bare loop that writes as much to six files and flushes them, as much at a time as
    the server's flushes had on average. They take turns, each begins as often as the others, and
    each turn ends when all of it is on the disk; the medians count.
    """
    batch = large_batch()
    slices = max(3, options.durable_mib // SLICE_MIB)
    seconds = {"durable": [], "cached": [], "bare": []}
    bytes_per_flush = [float(IN_FLIGHT * BATCH_BYTES)]

    def durable():
        before = broker.flushes()
        produce(broker.port, "stream-durable", batch)
        bytes_per_flush.append(SLICE_MIB * 2**20 / max(1, broker.flushes() - before))

    turns = {
        "durable": durable,
        "cached": lambda: produce(broker.port, "stream-cached", batch),
        "bare": lambda: write_bare(broker.directory, batch, statistics.median(bytes_per_flush)),
    }
    with Client(broker.port) as client:
        client.create_topic("stream-durable", PARTITIONS)
        client.create_topic("stream-cached", PARTITIONS, CACHED)
    for number in range(slices):
        kinds = list(turns)
        for kind in kinds[number % 3 :] + kinds[: number % 3]:
            os.sync()
            begun = time.perf_counter()
            turns[kind]()
            sync_file_system(broker.directory)
            seconds[kind].append(time.perf_counter() - begun)
    rates = {kind: [SLICE_MIB / one for one in took] for kind, took in seconds.items()}
    durable_rate, cached, bare = (statistics.median(one) for one in rates.values())
    yield figure(
        f"batches of 64 KiB, {PARTITIONS} partitions, {IN_FLIGHT} in flight, "
        f"{slices * SLICE_MIB} MiB in turns of {SLICE_MIB}, durable, median",
        f"{rate_told(rates['durable'])}, "
        f"{statistics.median(bytes_per_flush) / 1024:.0f} KiB a flush",
        f"write.caching=true {rate_told(rates['cached'])} ({durable_rate / cached:.0%}), a bare "
        f"loop with flushes of as much {rate_told(rates['bare'])} ({durable_rate / bare:.0%})",
        "at least 80 % of write.caching=true, or 90 % of the bare loop",
        durable_rate >= min(0.8 * cached, 0.9 * bare),
    )


def rate_told(rates):
    low, _, high = statistics.quantiles(rates, n=4)
    return f"{statistics.median(rates):.0f} MiB/s (quartiles {low:.0f} to {high:.0f})"


def produce(port, topic, batch):
    count = SLICE_MIB * 2**20 // (PARTITIONS * BATCH_BYTES)
    request = frame(1, topic, dict.fromkeys(range(PARTITIONS), batch))
    with Pipe(port) as pipe:
        for number in range(count + IN_FLIGHT):
            if number >= IN_FLIGHT:
                pipe.receive(topic, PARTITIONS)
            if number < count:
                pipe.send(request)


def write_bare(directory, batch, bytes_per_flush):
    """As many bytes as a turn has, flushed when `bytes_per_flush` more are written to each."""
    count = SLICE_MIB * 2**20 // (PARTITIONS * BATCH_BYTES)
    ends = [int(i * bytes_per_flush / BATCH_BYTES) for i in range(1, count + 1)]
    sizes = [end - begin for begin, end in zip([0, *ends], [end for end in ends if end < count])]
    paths = [directory / f"bare-{number}" for number in range(PARTITIONS)]
    handles = [os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND) for path in paths]

    def write_and_flush(handle, batches):
        for _ in range(batches):
            os.write(handle, batch)
        os.fdatasync(handle)

    with concurrent.futures.ThreadPoolExecutor(PARTITIONS) as threads:
        for size in [*sizes, count - sum(sizes)]:
            list(threads.map(write_and_flush, handles, [size] * PARTITIONS))
    for handle in handles:
        os.close(handle)
