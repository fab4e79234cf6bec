# SPDX-License-Identifier: Apache-2.0
"""Topics' keys that are changed while the server runs."""

import gzip
import random
import time

from batches import record
from flushed import flushed_end, is_flushed_with_witness
from live import TOPIC, of_topics
from node import until

MESSAGE_TOO_LARGE, INVALID_TIMESTAMP = 10, 32
INVALID_RECORD = 87
# Retention looks every so many milliseconds, from the start on.
CHECKS = {"log.initial.task.delay.ms": "0", "log.retention.check.interval.ms": "50"}
WEEK_MS = 7 * 24 * 3600 * 1000


def now_ms():
    return int(time.time() * 1000)


turns = {}


def rolls(node, topic, *batches):
    """How many segments the batches begin; each is (value, timestamp)."""
    node.produce(topic, timestamp=batches[0][1])
    before = len(node.segments(topic))
    for value, timestamp in batches:
        node.produce(topic, [value], timestamp=timestamp)
    return len(node.segments(topic)) - before


@of_topics("segment.bytes", "1048576", False, True)
def a_segment_rolls_at_a_mebibyte(node, topic):
    return rolls(node, topic, *[(b"x" * 600_000, now_ms())] * 2) > 0


@of_topics("segment.ms", "1000", False, True)
def a_segment_rolls_after_seconds(node, topic):
    return rolls(node, topic, (b"", now_ms() - 20_000), (b"", now_ms() - 10_000)) > 0


@of_topics("segment.jitter.ms", str(WEEK_MS), False, True)
def segments_roll_before_their_time(node, topic):
    """A batch comes after nine tenths of segment.ms: without jitter every second one rolls, with
    jitter nearly all.
    """
    turns[node, topic] = turns.get((node, topic), -1) + 1
    first = now_ms() + (25 * turns[node, topic] - 60) * WEEK_MS
    return rolls(node, topic, *[(b"", first + number * WEEK_MS * 9 // 10)
                                for number in range(24)]) > 15


@of_topics("segment.index.bytes", "16", False, True, index_interval_bytes="0")
def a_segment_rolls_when_its_index_is_full(node, topic):
    return rolls(node, topic, *[(b"", now_ms())] * 6) > 0


@of_topics("index.interval.bytes", "0", False, True, segment_index_bytes="24")
def each_batch_is_indexed(node, topic):
    """Then the small index is soon full, and the segment rolls."""
    return rolls(node, topic, *[(b"", now_ms())] * 6) > 0


@of_topics("max.message.bytes", "500", 0, MESSAGE_TOO_LARGE)
def code_of_a_kilobyte(node, topic):
    return node.produce(topic, [b"x" * 1000])["ErrorCode"]


@of_topics("max.decompressed.message.bytes", "500", 0, INVALID_RECORD)
def code_of_a_small_batch_with_a_large_record(node, topic):
    records = gzip.compress(record(0, b"key", b"x" * 1000))
    return node.produce(topic, attributes=1, records=records)["ErrorCode"]


@of_topics("message.timestamp.type", "LogAppendTime", False, True)
def the_server_stamps(node, topic):
    return node.produce(topic)["LogAppendTimeMs"] > 0


@of_topics("message.timestamp.before.max.ms", "60000", 0, INVALID_TIMESTAMP)
def code_of_an_old_record(node, topic):
    return node.produce(topic, timestamp=now_ms() - 600_000)["ErrorCode"]


@of_topics("message.timestamp.after.max.ms", "60000", 0, INVALID_TIMESTAMP)
def code_of_a_record_of_the_future(node, topic):
    return node.produce(topic, timestamp=now_ms() + 600_000)["ErrorCode"]


@of_topics("cleanup.policy", "compact", 0, INVALID_RECORD)
def code_of_a_record_without_key(node, topic):
    return node.produce(topic, keys=[None])["ErrorCode"]


@of_topics("compression.type", "zstd", 0, 4)
def codec_of_a_plain_batch(node, topic):
    node.produce(topic)
    return node.batches(topic)[-1]["Attributes"] & 7


def size_of_a_batch(node, topic):
    """Of text that every level takes differently."""
    chance = random.Random(5)
    words = [bytes(chance.choices(b"abcdefghijklmnop", k=chance.randrange(3, 12)))
             for _ in range(800)]
    text = b" ".join(chance.choices(words, weights=range(1, 801), k=20000))
    node.produce(topic, [text])
    return len(node.batches(topic)[-1]["Records"])


def smaller(node, topic, key, level):
    """Whether a batch is smaller than one of the level."""
    other = f"{topic}-{level}"
    if not node.segments(other):
        node.topic(other, **{"compression.type": node.described(TOPIC, topic, "compression.type"),
                             key: level})
    return size_of_a_batch(node, topic) < size_of_a_batch(node, other)


@of_topics("compression.gzip.level", "1", True, False, compression_type="gzip")
def a_batch_is_smaller_than_with_gzip_1(node, topic):
    return smaller(node, topic, "compression.gzip.level", "1")


@of_topics("compression.lz4.level", "17", False, True, compression_type="lz4")
def a_batch_is_smaller_than_with_lz4_9(node, topic):
    return smaller(node, topic, "compression.lz4.level", "9")


@of_topics("compression.zstd.level", "19", False, True, compression_type="zstd")
def a_batch_is_smaller_than_with_zstd_3(node, topic):
    return smaller(node, topic, "compression.zstd.level", "3")


@of_topics("preallocate", "true", False, True, segment_bytes="1048576")
def a_new_segment_has_its_full_size(node, topic):
    """Of the segment that the second batch begins."""
    for _ in range(2):
        node.produce(topic, [b"x" * 600_000])
    newest = node.data / f"{topic}-0" / node.segments(topic)[-1]
    return newest.stat().st_size == 1048576


@of_topics("file.delete.delay.ms", "0", True, False, segment_bytes="1048576")
def deleted_files_stay_for_a_while(node, topic):
    place = node.data / f"{topic}-0"
    # Those of the call before this one stay for a minute.
    before = set(place.glob("*.deleted"))
    for _ in range(3):
        node.produce(topic, [b"x" * 600_000])
    end = node.call("ListOffsets", 5, {"ReplicaId": -1, "Topics": [
        {"Name": topic, "Partitions": [{"PartitionIndex": 0, "Timestamp": -1}]}]})
    offset = end["Topics"][0]["Partitions"][0]["Offset"] - 1
    node.call("DeleteRecords", 2, {"TimeoutMs": 30000, "Topics": [
        {"Name": topic, "Partitions": [{"PartitionIndex": 0, "Offset": offset}]}]})

    def waiting():
        return bool(set(place.glob("*.deleted")) - before)

    until(lambda: len(node.segments(topic)), lambda count: count < 3)
    if node.described(TOPIC, topic, "file.delete.delay.ms") != "0":
        return waiting()
    until(waiting, lambda found: not found)
    return False


def is_kept(node, topic):
    """Whether a record of an hour ago is there after a check that deleted one of a partition whose
    name comes later."""
    if not node.segments("witness"):
        node.topic("witness", retention_ms="0")
    node.produce(topic, timestamp=now_ms() - 3600_000)
    end = node.produce("witness", timestamp=now_ms() - 3600_000)["BaseOffset"] + 1
    until(lambda: node.offset("witness", -2), lambda start: start == end)
    return node.offset(topic, -2) < node.offset(topic, -1)


@of_topics("retention.ms", "1000", True, False, settings=CHECKS)
def a_record_of_an_hour_ago_stays_for_a_time(node, topic):
    return is_kept(node, topic)


@of_topics("retention.bytes", "0", True, False, settings=CHECKS)
def a_record_of_an_hour_ago_stays_in_a_size(node, topic):
    return is_kept(node, topic)


@of_topics("write.caching", "true", True, False)
def an_acknowledged_record_is_flushed(node, topic):
    return is_flushed_with_witness(node, topic)


@of_topics("flush.messages", "1", False, True, write_caching="true")
def each_record_is_flushed(node, topic):
    return is_flushed_with_witness(node, topic)


@of_topics("flush.ms", "20", False, True, write_caching="true")
def a_record_is_flushed_before_long(node, topic):
    if is_flushed_with_witness(node, topic):
        return True
    if node.described(TOPIC, topic, "flush.ms") != "20":
        return False
    end = node.produce(topic)["BaseOffset"] + 1
    return until(lambda: flushed_end(node, topic), lambda offset: offset == end) == end
