# SPDX-License-Identifier: Apache-2.0
"""What every client does: create, produce in every codec, consume as a group, resume, seek,
describe, delete.
"""

import time

from checks import check, expect, same, until
from cluster import commit, consumer, partitions_of, records
from confluent_kafka import (
    ConsumerGroupState,
    Producer,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import NewTopic

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
RECORDS = 10_000
PARTITIONS = 2
EXTRA = 100
PADDING = " the quick brown fox jumps over the lazy dog" * 2


class Received:
    """What the group has read: each record's place, so that a second delivery is seen."""

    def __init__(self, journey):
        self.journey = journey
        self.places = set()
        self.indices = {codec: set() for codec in CODECS}
        self.last_of_key = {}

    def add(self, record):
        place = (record.topic(), record.partition(), record.offset())
        expect(place not in self.places, f"{place} came twice")
        self.places.add(place)
        codec = record.topic().rsplit(".", 1)[1]
        headers = dict(record.headers())
        index = int(headers["index"])
        same(f"{codec}:{index}{PADDING}", record.value().decode(), f"{place}: the value")
        same(f"key-{index % 997}", record.key().decode(), f"{place}: the key")
        same(None, headers["nothing"], f"{place}: a null header")
        same(self.journey.first_timestamp + index, record.timestamp()[1], f"{place}: the timestamp")
        before = self.last_of_key.get((codec, record.key()), -1)
        expect(before < index, f"{place}: {index} came after {before} of the same key")
        self.last_of_key[codec, record.key()] = index
        self.indices[codec].add(index)


class Journey:
    def __init__(self, bootstrap, admin, prefix):
        self.bootstrap = bootstrap
        self.admin = admin
        self.group = f"{prefix}-group"
        self.topics = {codec: f"{prefix}.{codec}" for codec in CODECS}
        self.first_timestamp = int(time.time() * 1000) - RECORDS

    def run(self):
        if not check("journey.create", self.create):
            return
        for codec in CODECS:
            check(f"journey.produce.{codec}", lambda codec=codec: self.produce(codec))
        check("journey.group_of_two", self.consume_as_group)
        check("journey.resume", self.resume)
        check("journey.seek_by_time", self.seek_by_time)
        check("journey.describe", self.describe)
        check("journey.delete", self.delete)

    def create(self):
        wanted = [
            NewTopic(topic, num_partitions=PARTITIONS, replication_factor=1)
            for topic in self.topics.values()
        ]
        for future in self.admin.create_topics(wanted).values():
            future.result()
        until(
            "the topics are listed",
            lambda: set(self.topics.values()) <= set(self.admin.list_topics(timeout=30).topics),
            lambda: None,
        )

    def produce(self, codec):
        next_offset = [0] * PARTITIONS
        problems = []

        def delivered(error, record):
            if error or record.offset() != next_offset[record.partition()]:
                problems.append(
                    error or f"offset {record.offset()}, not {next_offset[record.partition()]}"
                )
            next_offset[record.partition()] += 1

        producer = Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "compression.type": codec,
                "linger.ms": 5,
                "enable.idempotence": True,
                "on_delivery": delivered,
            }
        )
        for index in range(RECORDS):
            producer.produce(
                self.topics[codec],
                key=f"key-{index % 997}",
                value=f"{codec}:{index}{PADDING}",
                headers=[("index", str(index)), ("nothing", None)],
                timestamp=self.first_timestamp + index,
            )
            producer.poll(0)
        same(0, producer.flush(90), "records left after flush")
        expect(not problems, f"delivery: {problems[:1]}")
        same(RECORDS, sum(next_offset), "records acknowledged")

    def consume_as_group(self):
        received = Received(self)
        sources = len(CODECS) * PARTITIONS
        one = consumer(self.bootstrap, self.group)
        two = consumer(self.bootstrap, self.group)

        def poll(*members):
            for member in members:
                for record in records(member, 200):
                    received.add(record)

        def subscribe(member):
            member.subscribe(list(self.topics.values()), on_revoke=lambda m, _: commit(m))

        subscribe(one)
        until(
            "the first member has all partitions and records",
            lambda: len(one.assignment()) == sources and received.places,
            lambda: poll(one),
        )
        subscribe(two)
        until(
            "both members have a share",
            lambda: 0 < len(one.assignment()) < sources
            and len(one.assignment()) + len(two.assignment()) == sources,
            lambda: poll(one, two),
        )
        until(
            "all records came",
            lambda: len(received.places) >= RECORDS * len(CODECS),
            lambda: poll(one, two),
        )
        commit(one)
        commit(two)
        self.describe_group(members=2, sources=sources)
        one.close()
        two.close()
        for codec in CODECS:
            same(RECORDS, len(received.indices[codec]), f"{codec} records")
        self.compare_committed(received)

    def describe_group(self, members, sources):
        group = self.admin.describe_consumer_groups([self.group])[self.group].result()
        same(ConsumerGroupState.STABLE, group.state, "the group's state")
        same(members, len(group.members), "the group's member count")
        same(
            sources,
            sum(len(m.assignment.topic_partitions) for m in group.members),
            "partitions assigned",
        )

    def compare_committed(self, received):
        wanted = {}
        for topic, partition, _ in received.places:
            wanted[topic, partition] = wanted.get((topic, partition), 0) + 1
        reader = consumer(self.bootstrap, self.group)
        found = reader.committed([TopicPartition(*source) for source in wanted], timeout=30)
        same(wanted, {(p.topic, p.partition): p.offset for p in found}, "committed offsets")
        reader.close()

    def resume(self):
        values = [str(i).encode() for i in range(EXTRA)]
        producer = Producer({"bootstrap.servers": self.bootstrap})
        for value in values:
            producer.produce(self.topics["none"], value=value, partition=0)
        producer.flush(90)
        read = []
        member = consumer(self.bootstrap, self.group)
        member.subscribe(list(self.topics.values()))
        until(
            "the new records came",
            lambda: len(read) >= EXTRA,
            lambda: read.extend(record.value() for record in records(member)),
        )
        commit(member)
        member.close()
        same(values, read, "what a new member of the group read")

    def seek_by_time(self):
        wanted = self.first_timestamp + RECORDS // 2
        for topic in self.topics.values():
            for source in partitions_of(topic, PARTITIONS):
                reader = consumer(self.bootstrap, "unused")
                source.offset = wanted
                found = reader.offsets_for_times([source], timeout=30)[0]
                expect(found.offset > 0, f"{topic}: offset {found.offset} for the time")
                reader.assign([TopicPartition(topic, source.partition, found.offset - 1)])
                read = []
                until(
                    "two records came", lambda: len(read) >= 2, lambda: read.extend(records(reader))
                )
                expect(
                    read[0].timestamp()[1] < wanted,
                    f"{topic}: an earlier record has the time already",
                )
                expect(
                    read[1].timestamp()[1] >= wanted,
                    f"{topic}: the record found is older than asked",
                )
                reader.close()

    def describe(self):
        topics = self.admin.describe_topics(TopicCollection(list(self.topics.values())))
        for topic, future in topics.items():
            description = future.result()
            same(PARTITIONS, len(description.partitions), f"{topic}: partition count")
            for partition in description.partitions:
                expect(
                    partition.leader is not None and len(partition.isr) == 1,
                    f"{topic}: leader and in-sync set",
                )
        same(1, len(self.admin.describe_cluster().result().nodes), "node count")

    def delete(self):
        gone = self.topics["none"]
        self.admin.delete_topics([gone])[gone].result()
        until(
            "the topic is not listed",
            lambda: gone not in self.admin.list_topics(timeout=30).topics,
            lambda: None,
        )
        expect(
            self.topics["zstd"] in self.admin.list_topics(timeout=30).topics,
            "another topic vanished",
        )
        self.admin.delete_consumer_groups([self.group])[self.group].result()
        groups = self.admin.list_consumer_groups().result().valid
        expect(
            self.group not in [group.group_id for group in groups], "the deleted group is listed"
        )
