# SPDX-License-Identifier: Apache-2.0
"""Clients at work while a cluster's brokers come and go, and what is held against what they were
told: the producers and the history of tests/faults, members of a group, and an observer of ends.
"""

import collections
import sys
import time

import confluent_kafka

from administrator import Administrator
from brokers import PATIENCE_S, ROOT
from replicas import batches, differences

sys.path.append(str(ROOT / "tests/faults"))
import load  # noqa: E402
from history import History, Values  # noqa: E402

# A broker that is cut off is given up soon, so that a run has many faults.
load.IMPATIENT.update({"socket.timeout.ms": 3000, "socket.connection.setup.timeout.ms": 2000})
# Three brokers, ZooKeeper and the clients share the machine.
load.RATE = 500

TOPIC = "events"
GROUP = "members"
# A fifth producer, beside those of load.PRODUCERS, which leaves it to librdkafka where a key goes.
KEYED = ("keyed", True, "gzip", 400)


class Member(load.Worker):
    """Reads what its group gives it, and commits what it has read."""

    def __init__(self, history, bootstrap, number):
        super().__init__(history)
        self.name = f"member {number}"
        self.read = 0
        self.commits = 0
        self.committed = {}  # partition → the last offset whose commit was acknowledged
        self.consumer = confluent_kafka.Consumer(
            {
                **load.IMPATIENT,
                "bootstrap.servers": bootstrap,
                "group.id": GROUP,
                "session.timeout.ms": 6000,
                "heartbeat.interval.ms": 500,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 50,
                "fetch.error.backoff.ms": 5,
                "isolation.level": "read_uncommitted",
                "topic.metadata.refresh.interval.ms": 1000,  # partitions that are new
            }
        )
        self.consumer.subscribe([TOPIC])
        self.committed_at = time.monotonic()

    def step(self):
        for message in self.consumer.consume(500, 0.05):
            error = message.error()
            if error is not None:
                if error.fatal():
                    self.history.violation(f"{self.name}: {error}")
                continue
            where = (TOPIC, message.partition())
            self.history.shown(where, message.offset(), message.key(), message.value())
            self.read += 1
        if time.monotonic() - self.committed_at > 0.2:
            self.committed_at = time.monotonic()
            self.commit()

    def commit(self):
        """Another member may have taken the partitions over: then it is refused."""
        try:
            for done in self.consumer.commit(asynchronous=False):
                if done.error is None:
                    self.committed[done.partition] = done.offset
            self.commits += 1
        except confluent_kafka.KafkaException:
            pass

    def finish(self):
        self.consumer.close()


class EndWatcher(load.Worker):
    """No client is shown an end of a partition below one that it was shown before."""

    name = "end watcher"

    def __init__(self, history, bootstrap, partitions):
        super().__init__(history)
        self.partitions = partitions
        self.ends = collections.Counter()
        self.consumer = confluent_kafka.Consumer(
            {**load.IMPATIENT, "bootstrap.servers": bootstrap, "group.id": "watchers"})

    def step(self):
        for partition in range(self.partitions):
            where = confluent_kafka.TopicPartition(TOPIC, partition)
            try:
                end = self.consumer.get_watermark_offsets(where, timeout=2, cached=False)[1]
            except confluent_kafka.KafkaException:
                continue  # no leader now
            if end < self.ends[partition]:
                self.history.violation(
                    f"{TOPIC}-{partition} ended at {self.ends[partition]} and then at {end}")
            self.ends[partition] = end
        self.is_stopping.wait(0.02)

    def finish(self):
        self.consumer.close()


class Crowd:
    """The producers, the members of a group and the watcher of one run. With `keyed` one producer
    leaves it to its library where a record goes."""

    def __init__(self, cluster, seed, is_durable=True, partitions=3, keyed=False, **config):
        self.cluster = cluster
        cluster.crowd = self
        self.administrator = Administrator(cluster)
        self.history = History(Values(seed), is_durable)
        self.partitions = partitions
        cluster.make_topic(TOPIC, partitions, **config)
        bootstrap = cluster.bootstrap
        self.producers = [
            load.Producer(self.history, bootstrap, kind[0], TOPIC, partitions, kind)
            # Where records may be lost an idempotent producer may not get over it.
            for kind in load.PRODUCERS if is_durable or not kind[1]
        ]
        if keyed:
            self.producers.append(
                load.Producer(self.history, bootstrap, KEYED[0], TOPIC, None, KEYED))
        self.members = [Member(self.history, bootstrap, number) for number in range(2)]
        self.watcher = EndWatcher(self.history, bootstrap, partitions)
        self.workers = [*self.producers, *self.members]
        if is_durable:
            self.workers.append(self.watcher)
        self.contents = {}  # (topic, partition) → {offset: key}, read from the leaders at the end

    def __enter__(self):
        for worker in self.workers:
            worker.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        for worker in self.workers:
            worker.stop()
        for worker in self.workers:
            if worker.is_alive():
                worker.wait()
        self.workers = []

    @property
    def violations(self):
        return self.history.violations

    def acknowledged(self):
        return sum(producer.acknowledged for producer in self.producers)

    def wait_for_progress(self, records=200, patience_s=PATIENCE_S):
        """Until each producer has so many more of its records acknowledged, in all partitions of
        its own; how long that took."""
        started = time.monotonic()
        before = [producer.acknowledged for producer in self.producers]
        wanted = [count + max(1, records // len(before)) for count in before]
        while any(producer.acknowledged < count
                  for producer, count in zip(self.producers, wanted)):
            if self.violations:
                break
            if time.monotonic() > started + patience_s:
                self.history.violation(f"no {records} records acknowledged in {patience_s} s\n"
                                       f"{self.situation(before)}")
                break
            time.sleep(0.005)
        return time.monotonic() - started

    def situation(self, before):
        """For people who ask why."""
        words = [f"{producer.name}: acknowledged {producer.acknowledged - count} since, "
                 f"{producer.in_flight} in flight"
                 for producer, count in zip(self.producers, before)]
        for partition in range(self.partitions):
            name = f"{TOPIC}-{partition}"
            ends = {broker.name: max(batches(broker.data / name), default=None)
                    for broker in self.cluster.brokers}
            words.append(f"{name}: clients are shown the end {self.shown_end(partition)}, the "
                         f"files' last batches are at {ends}")
        return "\n".join([*words, self.cluster.situation()])

    def shown_end(self, partition):
        asker = confluent_kafka.Consumer({"bootstrap.servers": self.cluster.bootstrap,
                                          "group.id": "askers", "log_level": 0})
        try:
            where = confluent_kafka.TopicPartition(TOPIC, partition)
            return asker.get_watermark_offsets(where, timeout=5, cached=False)[1]
        except confluent_kafka.KafkaException as error:
            return error
        finally:
            asker.close()

    def grow(self, topic, partitions):
        """The topic gets more partitions; in the crowd's own, every producer writes to all of them
        from then on, and the group reads them. How long that took."""
        started = time.monotonic()
        self.administrator.grow(topic, partitions)
        if topic == TOPIC:
            new = range(self.partitions, partitions)
            self.adopt(partitions)
            self.cluster.until(lambda: self.violations or not self.idle_in(new),
                               f"partitions {new} are written and read")
        return time.monotonic() - started

    def adopt(self, partitions):
        """A library writes to a partition of which its metadata have told, and fails at others."""
        for producer in self.producers:
            if producer.partitions is not None:
                self.cluster.until(lambda it=producer: self.known_to(it) >= partitions,
                                   f"{producer.name} knows {partitions} partitions")
                producer.partitions = partitions
        self.partitions = self.watcher.partitions = partitions

    @staticmethod
    def known_to(producer):
        try:
            found = producer.producer.list_topics(TOPIC, 2)
        except confluent_kafka.KafkaException:
            return 0
        return len(found.topics[TOPIC].partitions)

    def idle_in(self, partitions):
        """Which producers have nothing acknowledged in one of these, or whether nothing of it was
        read."""
        everybody = {producer.name.encode() for producer in self.producers} | {GROUP}
        return [(partition, idle) for partition in partitions
                if (idle := everybody - self.busy_in(partition))]

    def busy_in(self, partition):
        with self.history.lock:
            known = self.history.partition((TOPIC, partition))
            keys = [*known.acknowledged.values(), *known.somewhere]
            return {key.split(b":")[0] for key in keys} | ({GROUP} if known.shown else set())

    def wait_until_read(self):
        """Until the group has been shown as much as was acknowledged."""
        deadline = time.monotonic() + PATIENCE_S
        while self.unread() > 0 and not self.violations:
            if time.monotonic() > deadline:
                self.history.violation(f"the group left {self.unread()} records unread")
            time.sleep(0.02)

    def unread(self):
        promises = self.history.promises()
        return sum(len(acknowledged.keys() - shown.keys())
                   for acknowledged, shown in promises.values())

    def verify(self):
        """Ends the clients; then everything acknowledged or shown is read once and in order from
        the leaders, and the files of all replicas are byte-equal."""
        for producer in self.producers:
            producer.stop()
            producer.wait()
        if self.history.is_durable:
            self.wait_until_read()
        self.stop()
        cluster = self.cluster
        try:
            cluster.until(lambda: cluster.is_in_sync(TOPIC), "every replica is in sync")
        except TimeoutError as error:
            self.history.violation(f"{error}\n{cluster.situation()}")
            return
        promises = self.history.promises()
        contents = load.read_everything(self.history, cluster.bootstrap, TOPIC, self.partitions)
        self.contents = contents
        if self.history.is_durable:
            self.history.check(promises, contents)
            self.history.check_somewhere(contents)
            self.check_commits()
        for partition in range(self.partitions):
            self.compare(partition, contents[(TOPIC, partition)])

    def check_commits(self):
        """Who takes a partition over goes on from what was committed, so that the group's offset is
        no less than any of which the commit was acknowledged."""
        asker = confluent_kafka.Consumer({"bootstrap.servers": self.cluster.bootstrap,
                                          "group.id": GROUP, "log_level": 0})
        wanted = [confluent_kafka.TopicPartition(TOPIC, partition)
                  for partition in range(self.partitions)]
        try:
            found = asker.committed(wanted, timeout=PATIENCE_S)
        finally:
            asker.close()
        for partition, offset in enumerate(found):
            least = max(member.committed.get(partition, -1) for member in self.members)
            if offset.offset < least:
                self.history.violation(f"{GROUP} committed {least} of {TOPIC}-{partition}, and "
                                       f"finds {offset.offset}")

    def compare(self, partition, content):
        name = f"{TOPIC}-{partition}"

        def read():
            return {broker.name: batches(broker.data / name) for broker in self.cluster.brokers
                    if (broker.data / name).is_dir()}

        deadline = time.monotonic() + PATIENCE_S
        found = read()
        # A follower in sync may still lack the last batch.
        while differences(found) and time.monotonic() < deadline and self.are_behind(found):
            time.sleep(0.1)
            found = read()
        for sentence in differences(found):
            self.history.violation(f"{name}: {sentence}")
        ends = {max(held, default=-1) for held in found.values()}
        if content and max(content) < max(ends):
            self.history.violation(f"{name}: the replicas hold batches from {max(ends)} on, and "
                                   f"the last record that is read is at {max(content)}")

    @staticmethod
    def are_behind(found):
        return len({max(held, default=-1) for held in found.values()}) > 1
