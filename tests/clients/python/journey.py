# SPDX-License-Identifier: Apache-2.0
"""What every client does: create, produce in every codec, consume as a group, resume, seek,
describe, delete; and records at the limits.
"""

import time

from checks import check, expect, report, same, until
from driver import Record

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
RECORDS = 10_000
PARTITIONS = 2
EXTRA = 100
PADDING = " the quick brown fox jumps over the lazy dog" * 2
LARGE = 900_000  # bytes; a batch may have 1,048,588


class Received:
    """What the group has read: each record's place, so that a second delivery is seen."""

    def __init__(self, first_timestamp, null_header):
        self.first_timestamp = first_timestamp
        self.null_header = null_header
        self.places = set()
        self.indices = {codec: set() for codec in CODECS}
        self.last_of_key = {}

    def add(self, record):
        place = (record.topic, record.partition, record.offset)
        expect(place not in self.places, f"{place} came twice")
        self.places.add(place)
        codec = record.topic.rsplit(".", 1)[1]
        headers = dict(record.headers)
        index = int(headers["index"])
        same(f"{codec}:{index}{PADDING}".encode(), record.value, f"{place}: the value")
        same(f"key-{index % 997}".encode(), record.key, f"{place}: the key")
        same(self.null_header, headers["nothing"], f"{place}: a header without a value")
        same(self.first_timestamp + index, record.timestamp, f"{place}: the timestamp")
        before = self.last_of_key.get((codec, record.key), -1)
        expect(before < index, f"{place}: {index} came after {before} of the same key")
        self.last_of_key[codec, record.key] = index
        self.indices[codec].add(index)


class Journey:
    def __init__(self, driver, prefix):
        self.driver = driver
        self.group = f"{prefix}-group"
        self.limits = f"{prefix}-limits"
        self.topics = {codec: f"{prefix}.{codec}" for codec in CODECS}
        self.first_timestamp = int(time.time() * 1000) - RECORDS
        self.null_header = b"" if "null_header" in driver.GAPS else None

    def run(self):
        for name, reason in self.driver.GAPS.items():
            report(f"GAP {name}: {reason}")
        if not check("journey.create", self.create):
            return
        for codec in CODECS:
            check(f"journey.produce.{codec}", lambda codec=codec: self.produce(codec))
        check("journey.group_of_two", self.consume_as_group)
        check("journey.resume", self.resume)
        check("journey.seek_by_time", self.seek_by_time)
        check("journey.describe", self.describe)
        check("journey.limits", self.records_at_the_limits)
        check("journey.delete", self.delete)

    def create(self):
        wanted = {*self.topics.values(), self.limits}
        self.driver.create_topics(sorted(wanted), PARTITIONS)
        until(
            "the topics are listed", lambda: wanted <= set(self.driver.topics()), lambda: None
        )

    def produce(self, codec):
        records = [
            Record(
                self.topics[codec],
                key=f"key-{index % 997}".encode(),
                value=f"{codec}:{index}{PADDING}".encode(),
                headers=(("index", str(index).encode()), ("nothing", self.null_header)),
                timestamp=self.first_timestamp + index,
            )
            for index in range(RECORDS)
        ]
        next_offset = [0] * PARTITIONS
        for partition, offset in self.driver.produce(records, codec):
            same(next_offset[partition], offset, f"partition {partition}: the acknowledged offset")
            next_offset[partition] += 1
        expect(all(next_offset), "a partition got no record: the keys should spread")

    def consume_as_group(self):
        received = Received(self.first_timestamp, self.null_header)
        topics = list(self.topics.values())
        sources = len(CODECS) * PARTITIONS

        def poll(*members):
            for member in members:
                for record in member.poll(200):
                    received.add(record)

        one = self.driver.member(self.group, topics)
        until(
            "the first member has all partitions and records",
            lambda: len(one.assignment()) == sources and received.places,
            lambda: poll(one),
        )
        two = self.driver.member(self.group, topics)
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
        one.commit()
        two.commit()
        same(("Stable", 2, sources), self.driver.describe_group(self.group), "the group described")
        one.leave()
        two.leave()
        for codec in CODECS:
            same(RECORDS, len(received.indices[codec]), f"{codec} records")
        self.compare_committed(received)

    def compare_committed(self, received):
        wanted = {}
        for topic, partition, _ in received.places:
            wanted[topic, partition] = wanted.get((topic, partition), 0) + 1
        same(wanted, self.driver.committed(self.group, list(wanted)), "committed offsets")

    def resume(self):
        values = [str(i).encode() for i in range(EXTRA)]
        self.driver.produce([Record(self.topics["none"], 0, value=value) for value in values])
        read = []
        member = self.driver.member(self.group, list(self.topics.values()))
        until(
            "the new records came",
            lambda: len(read) >= EXTRA,
            lambda: read.extend(record.value for record in member.poll()),
        )
        member.commit()
        member.leave()
        same(values, read, "what a new member of the group read")

    def seek_by_time(self):
        wanted = self.first_timestamp + RECORDS // 2
        for topic in self.topics.values():
            for source in ((topic, partition) for partition in range(PARTITIONS)):
                offset = self.driver.offset_for_time(source, wanted)
                expect(offset > 0, f"{topic}: offset {offset} for the time")
                before, found = self.driver.read(source, offset - 1, 2)[:2]
                expect(before.timestamp < wanted, f"{topic}: an earlier record has the time")
                expect(found.timestamp >= wanted, f"{topic}: the record found is older than asked")

    def describe(self):
        topics = self.driver.describe_topics(list(self.topics.values()))
        same(set(self.topics.values()), set(topics), "the topics described")
        for topic, partitions in topics.items():
            same(PARTITIONS, len(partitions), f"{topic}: partition count")
            for leader, in_sync in partitions:
                expect(leader >= 0 and in_sync == 1, f"{topic}: leader and in-sync set")
        same(1, self.driver.node_count(), "node count")

    def records_at_the_limits(self):
        """Null, empty and large keys and values, and headers of the same name."""
        large = bytes(i * i % 251 for i in range(LARGE))
        twice = (("same", b"1"), ("same", b"2"), ("empty", b""))
        wanted = [
            Record(self.limits, 1, key=None, value=b"without key"),
            Record(self.limits, 1, key=b"without value", value=None),
            Record(self.limits, 1, key=b"", value=b""),
            Record(self.limits, 1, key=b"\x00\xff", value=b"headers", headers=twice),
            Record(self.limits, 1, key=b"large", value=large),
        ]
        same([(1, i) for i in range(len(wanted))], self.driver.produce(wanted), "acknowledged")
        found = self.driver.read((self.limits, 1), 0, len(wanted))
        for one, other in zip(wanted, found):
            name = f"offset {other.offset}"
            expect(one.key == other.key, f"{name}: the key is {other.key!r}")
            expect(one.value == other.value, f"{name}: the value differs")
            same(one.headers, tuple(other.headers), f"{name}: the headers")

    def delete(self):
        gone = self.topics["none"]
        self.driver.delete_topics([gone])
        until("the topic is not listed", lambda: gone not in self.driver.topics(), lambda: None)
        expect(self.topics["zstd"] in self.driver.topics(), "another topic vanished")
        if "delete_group" in self.driver.GAPS:
            return
        self.driver.delete_group(self.group)
        expect(self.group not in self.driver.groups(), "the deleted group is listed")
