# SPDX-License-Identifier: Apache-2.0
"""Clients at work while the server comes and goes: producers, a reader at the end that commits its
offsets, and one that makes topics. What they are told goes into a History.
"""

import functools
import itertools
import sys
import threading
import time
import traceback

import confluent_kafka
import confluent_kafka.admin

PATIENCE_S = 60
# A client tries again at once and for ever: the server comes back.
IMPATIENT = {
    "reconnect.backoff.ms": 5,
    "reconnect.backoff.max.ms": 50,
    "retry.backoff.ms": 5,
    "log_level": 2,
    "socket.timeout.ms": 10000,
    "topic.metadata.refresh.interval.ms": 5000,
    "topic.metadata.refresh.fast.interval.ms": 10,
    "retry.backoff.max.ms": 50,
}
PAUSE_S = 0.002
PARTITION_UA = -1  # librdkafka's name for: whichever the partitioner takes

# name, idempotent, compression, records in flight together
PRODUCERS = (
    ("steady", True, "none", 400),
    ("packed", True, "lz4", 400),
    ("single", True, "none", 1),
    ("plain", False, "zstd", 400),
)
RATE = 2500  # records a second of one producer, so that a cycle's records are read in no time


class Worker(threading.Thread):
    """Calls `step` until it is stopped. What goes wrong is a violation, not a silent end."""

    def __init__(self, history):
        super().__init__(daemon=True)
        self.history = history
        self.is_stopping = threading.Event()

    def run(self):
        try:
            while not self.is_stopping.is_set():
                self.step()
            self.finish()
        except Exception as error:  # whatever it is: the run must fail
            self.history.violation(f"{self.name} failed: {error!r}")

    def finish(self):
        pass

    def stop(self):
        self.is_stopping.set()

    def wait(self):
        self.join(PATIENCE_S)
        if self.is_alive():
            where = "".join(traceback.format_stack(sys._current_frames()[self.ident], 2))
            self.history.violation(f"{self.name} did not come to its end:\n{where}")


class Producer(Worker):
    """Produces its numbered records with acks=all to one partition after the other, or, where
    `partitions` is None, to the one that the library's partitioner takes for the key."""

    def __init__(self, history, bootstrap, name, topic, partitions, kind):
        super().__init__(history)
        _, is_idempotent, compression, self.most_in_flight = kind
        self.name = name
        self.topic = topic
        self.partitions = partitions
        self.is_idempotent = is_idempotent
        if is_idempotent:
            history.idempotent.add(name.encode())
        self.numbers = itertools.count()
        self.in_flight = 0
        self.acknowledged = 0
        self.failed = 0
        self.started = time.monotonic()
        self.sent = 0
        self.producer = confluent_kafka.Producer(
            {
                **IMPATIENT,
                "bootstrap.servers": bootstrap,
                "enable.idempotence": is_idempotent,
                "acks": "all",
                "compression.type": compression,
                "linger.ms": 0 if self.most_in_flight == 1 else 2,
                # Without idempotence a second request in flight may overtake one that is repeated.
                "max.in.flight.requests.per.connection": 5 if is_idempotent else 1,
                "message.timeout.ms": 300000,
                "batch.num.messages": 200,
                "partitioner": "murmur2_random",  # Kafka's
            }
        )

    def step(self):
        ahead = self.sent > (time.monotonic() - self.started) * RATE
        if ahead or self.in_flight >= self.most_in_flight:
            self.producer.poll(PAUSE_S)
            return
        number = next(self.numbers)
        key = b"%s:%d" % (self.name.encode(), number)
        # Some records to one partition, so that batches are of several.
        partition = number // 7 % self.partitions if self.partitions else PARTITION_UA
        self.in_flight += 1
        self.sent += 1
        self.producer.produce(
            self.topic,
            self.history.values.of(key),
            key,
            partition,
            on_delivery=functools.partial(self.on_delivery, key),
        )
        self.producer.poll(0)

    def on_delivery(self, key, error, message):
        self.in_flight -= 1
        if error is None:
            self.acknowledged += 1
            self.history.acknowledged((self.topic, message.partition()), message.offset(), key)
            return
        self.failed += 1
        if self.is_idempotent:
            self.history.violation(f"{self.name}: {key} failed for good: {error}")

    def finish(self):
        left = self.producer.flush(PATIENCE_S)
        if left:
            self.history.violation(f"{self.name}: {left} records were not settled")


class Reader(Worker):
    """Follows the end of every partition and commits where it is."""

    group = "readers"

    def __init__(self, history, bootstrap, topic, partitions):
        super().__init__(history)
        self.name = "reader"
        self.topic = topic
        self.partitions = partitions
        self.next = {}  # partition → offset after the last record shown
        self.committed_at = time.monotonic()
        self.consumer = confluent_kafka.Consumer(
            {
                **IMPATIENT,
                "bootstrap.servers": bootstrap,
                "group.id": self.group,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 50,
                "fetch.error.backoff.ms": 5,
            }
        )
        self.consumer.assign(
            [confluent_kafka.TopicPartition(topic, p, 0) for p in range(partitions)]
        )

    def step(self):
        for message in self.consumer.consume(500, 0.02):
            if message.error() is not None:
                continue
            where = (self.topic, message.partition())
            self.history.shown(where, message.offset(), message.key(), message.value())
            self.next[message.partition()] = message.offset() + 1
        if time.monotonic() - self.committed_at > 0.1:
            self.committed_at = time.monotonic()
            self.commit()

    def commit(self):
        for partition, offset in self.next.items():
            self.history.commit_sent(self.group, (self.topic, partition), offset)
        offsets = [
            confluent_kafka.TopicPartition(self.topic, partition, offset)
            for partition, offset in self.next.items()
        ]
        if not offsets:
            return
        try:
            for done in self.consumer.commit(offsets=offsets, asynchronous=False):
                if done.error is None:
                    where = (self.topic, done.partition)
                    self.history.commit_acknowledged(self.group, where)
        except confluent_kafka.KafkaException:
            pass  # its fate is unknown: either offset may be found

    def finish(self):
        self.consumer.close()


class TopicMaker(Worker):
    """Makes a topic after the other, and deletes every second one."""

    def __init__(self, history, bootstrap):
        super().__init__(history)
        self.name = "topic maker"
        self.admin = confluent_kafka.admin.AdminClient(
            {**IMPATIENT, "bootstrap.servers": bootstrap}
        )
        self.number = 0
        self.is_deleting = False

    def step(self):
        topic = f"made-{self.number}"
        if self.is_deleting:
            self.history.topic_deletion(topic, False)
            if not delete_topic(self.admin, topic, 2):
                return
            self.history.topic_deletion(topic, True)
        else:
            if not make_topic(self.admin, topic, 1, {}, 2):
                return
            self.history.topic_made(topic)
        if self.number % 2 == 1 and not self.is_deleting:
            self.is_deleting = True
        else:
            self.is_deleting = False
            self.number += 1
        self.is_stopping.wait(0.1)


def make_topic(admin, name, partitions, config, timeout_s):
    """Whether the topic is there now; its making may be tried again."""
    topic = confluent_kafka.admin.NewTopic(name, partitions, 1, config=config)
    future = admin.create_topics([topic], request_timeout=timeout_s)[name]
    return is_done(future, confluent_kafka.KafkaError.TOPIC_ALREADY_EXISTS)


def delete_topic(admin, name, timeout_s):
    future = admin.delete_topics([name], request_timeout=timeout_s)[name]
    return is_done(future, confluent_kafka.KafkaError.UNKNOWN_TOPIC_OR_PART)


def is_done(future, code_of_done):
    try:
        future.result()
    except confluent_kafka.KafkaException as error:
        return error.args[0].code() == code_of_done
    return True


class Load:
    """All the clients of one run. They outlive the server's restarts."""

    topic = "events"

    def __init__(self, history, bootstrap, config=None, producers=PRODUCERS, partitions=3):
        self.history = history
        self.bootstrap = bootstrap
        self.partitions = partitions
        admin = confluent_kafka.admin.AdminClient({**IMPATIENT, "bootstrap.servers": bootstrap})
        deadline = time.monotonic() + PATIENCE_S
        while not make_topic(admin, self.topic, partitions, config or {}, 5):
            if time.monotonic() > deadline:
                raise TimeoutError("the topic could not be made")
        history.topic_made(self.topic)
        self.producers = [
            Producer(history, bootstrap, kind[0], self.topic, partitions, kind)
            for kind in producers
        ]
        self.workers = [
            *self.producers,
            Reader(history, bootstrap, self.topic, partitions),
            TopicMaker(history, bootstrap),
        ]
        for worker in self.workers:
            worker.start()

    def acknowledged(self):
        return sum(producer.acknowledged for producer in self.producers)

    def wait_for_progress(self, records, is_alive=lambda: True):
        """Until so many more records were acknowledged, by each producer one at least, or the
        server is no longer alive."""
        wanted = self.acknowledged() + records
        before = [producer.acknowledged for producer in self.producers]
        deadline = time.monotonic() + PATIENCE_S
        while self.acknowledged() < wanted or any(
            producer.acknowledged <= count for producer, count in zip(self.producers, before)
        ):
            if self.history.violations or not is_alive():
                return
            if time.monotonic() > deadline:
                self.history.violation(f"no {records} records acknowledged in {PATIENCE_S} s")
                return
            time.sleep(PAUSE_S)

    def stop(self):
        for worker in self.workers:
            worker.stop()
        for worker in self.workers:
            worker.wait()


def read_everything(history, bootstrap, topic, partitions):
    """(topic, partition) → {offset: key} of all that a consumer is shown, from start to end."""
    consumer = confluent_kafka.Consumer(
        {
            **IMPATIENT,
            "bootstrap.servers": bootstrap,
            "group.id": "checker",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 5,
            "fetch.error.backoff.ms": 5,
            "auto.offset.reset": "error",
        }
    )
    contents = {(topic, partition): {} for partition in range(partitions)}
    left = set(range(partitions))
    # From numbers: a library that has no leader yet waits half a second before it asks for a name.
    starts = [confluent_kafka.TopicPartition(topic, p) for p in left]
    try:
        for start in starts:
            start.offset = consumer.get_watermark_offsets(start, PATIENCE_S)[0]
    except confluent_kafka.KafkaException as error:
        consumer.close()
        history.violation(f"{topic} cannot be read at all: {error}")
        return contents
    consumer.assign(starts)
    deadline = time.monotonic() + PATIENCE_S
    try:
        while left:
            for message in consumer.consume(2000, 0.02):
                partition = message.partition()
                error = message.error()
                if error is None:
                    history.is_whole((topic, partition), message.offset(), message.key(),
                                     message.value())
                    contents[(topic, partition)][message.offset()] = message.key()
                elif error.code() == confluent_kafka.KafkaError._PARTITION_EOF:
                    left.discard(partition)
                elif not error.retriable():
                    history.violation(f"reading {topic}-{partition}: {error}")
                    left.discard(partition)
            if time.monotonic() > deadline:
                history.violation(f"{topic}: partitions {left} were not read in {PATIENCE_S} s")
                break
    finally:
        consumer.close()
    return contents


def verify(history, bootstrap, load):
    """Reads everything and holds it against what was promised before."""
    promises = history.promises()
    history.check(promises, read_everything(history, bootstrap, load.topic, load.partitions))
    check_offsets_and_topics(history, bootstrap, load.topic, load.partitions)


def check_offsets_and_topics(history, bootstrap, topic, partitions):
    """The group's offsets are those committed, and every topic is there."""
    consumer = confluent_kafka.Consumer(
        {**IMPATIENT, "bootstrap.servers": bootstrap, "group.id": Reader.group}
    )
    try:
        wanted = [confluent_kafka.TopicPartition(topic, p) for p in range(partitions)]
        in_force = history.commits_in_force()
        known = history.known_topics()
        found = consumer.committed(wanted, timeout=PATIENCE_S)
        listed = set(consumer.list_topics(timeout=PATIENCE_S).topics)
    except confluent_kafka.KafkaException as error:
        history.violation(f"the group's offsets or the topics are not told: {error}")
        return
    finally:
        consumer.close()
    for offset in found:
        committed = max(offset.offset, -1)  # the library says -1001 for none
        history.commit_found(Reader.group, (topic, offset.partition), committed, in_force)
    history.topics_listed(listed, *known)
