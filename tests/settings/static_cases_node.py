# SPDX-License-Identifier: Apache-2.0
"""Settings of the node, its directories, its metadata and its topics that are read at the start."""

import itertools
import os
import time
from pathlib import Path

from effect import DEFAULT, NO_START, effect
from node import until

NONE, INVALID_REPLICATION_FACTOR, TOPIC_DELETION_DISABLED, UNKNOWN_TOPIC = 0, 38, 73, 3
STORAGE_ERROR = 56
HOUR_MS = 3600 * 1000


@effect("node.id", {"3": 3, "4": 4})
def id_of_the_node(node):
    return node.metadata()["Brokers"][0]["NodeId"]


@effect("broker.id", {"3": 3, "4": 4})
def id_of_the_broker(node):
    return node.metadata()["Brokers"][0]["NodeId"]


@effect("broker.rack", {DEFAULT: None, "north": "north"})
def rack_of_the_broker(node):
    return node.metadata()["Brokers"][0]["Rack"]


@effect("process.roles", {"broker,controller": 1, "controller": NO_START})
def brokers_that_answer(node):
    return len(node.metadata()["Brokers"])


def directories_with_partition(node, *names):
    node.topic()
    return [name for name in names
            if (node.server.directory.parent / name / "topic-0").is_dir()]


@effect("log.dir.reserve.bytes", {DEFAULT: NONE, str(1 << 60): STORAGE_ERROR})
def error_of_a_record_where_less_is_free(node):
    return node.produce(node.topic())["ErrorCode"]


@effect("log.dirs", {"{directory}/one": ["one"], "{directory}/two": ["two"]})
def directory_that_log_dirs_names(node):
    return directories_with_partition(node, "one", "two")


@effect("log.dir", {"{directory}/one": ["one"], "{directory}/two": ["two"]}, log_dirs="")
def directory_that_log_dir_names(node):
    return directories_with_partition(node, "one", "two")


@effect("cordoned.log.dirs", {DEFAULT: ["one", "two"], "{directory}/one": ["two"],
                              "*": INVALID_REPLICATION_FACTOR, "{directory}/other": NO_START},
        log_dirs="{directory}/one,{directory}/two")
def directories_with_one_of_four_topics(node):
    for number in range(4):
        answer = node.call("CreateTopics", 7, {"timeoutMs": 30000, "Topics": [
            {"Name": f"topic-{number}", "NumPartitions": 1, "ReplicationFactor": 1}]})
        if answer["Topics"][0]["ErrorCode"] != NONE:
            return answer["Topics"][0]["ErrorCode"]
    return [name for name in ("one", "two")
            if any((node.server.directory.parent / name).glob("topic-*"))]


@effect("num.replica.alter.log.dirs.threads", {"1": 1, "3": 3},
        log_dirs="{directory}/one,{directory}/two")
def partitions_copied_at_once(node):
    two = str(node.server.directory.parent / "two")
    alter_rate = {"Name": "replica.alter.log.dirs.io.max.bytes.per.second", "ConfigOperation": 0,
                  "Value": "200000"}
    answer = node.call("IncrementalAlterConfigs", 1, {"Resources": [
        {"ResourceType": 4, "ResourceName": "", "Configs": [alter_rate]}]})
    assert answer["Responses"][0]["ErrorCode"] == 0
    node.create("topic", partitions=8)
    here = [number for number in range(8)
            if (node.server.directory.parent / f"one/topic-{number}").is_dir()]
    for number in here:
        for _ in range(30):
            node.produce("topic", (b"v" * 10000,), partition=number)
    node.call("AlterReplicaLogDirs", 2, {"Dirs": [
        {"Path": two, "Topics": [{"Name": "topic", "Partitions": here}]}]})

    def sizes():
        answer = node.call("DescribeLogDirs", 5, {"Topics": None})
        return [row["PartitionSize"] for found in answer["Results"] for topic in found["Topics"]
                for row in topic["Partitions"] if row["IsFutureKey"]]

    found = until(sizes, lambda now: max(now, default=0) >= 250_000)
    return sum(size > 0 for size in found)


@effect("metadata.log.dir", {DEFAULT: False, "{directory}/metadata": True})
def metadata_in_a_directory_of_their_own(node):
    return (node.server.directory.parent / "metadata/__cluster_metadata-0").is_dir()


def snapshots(node):
    """Whether a snapshot comes with the changes; where the settings promise one soon, changes go on
    until it does."""
    def found():
        return sorted(path.name for path in
                      (node.data / "__cluster_metadata-0").glob("*-*.checkpoint"))
    first, numbers = found(), itertools.count()
    if not node.server.settings:
        for _ in range(5):
            node.topic(f"topic-{next(numbers)}")
        return found() != first

    def change():
        node.topic(f"topic-{next(numbers)}")
        return found()
    return bool(until(change, lambda now: now != first))


@effect("metadata.log.max.record.bytes.between.snapshots", {DEFAULT: False, "200": True})
def a_snapshot_after_a_few_topics(node):
    return snapshots(node)


@effect("metadata.log.max.snapshot.interval.ms", {DEFAULT: False, "50": True})
def a_snapshot_after_a_while(node):
    return snapshots(node)


@effect("metadata.log.segment.bytes", {DEFAULT: 1, "8388608": 2})
def segments_after_9_mb_of_metadata(node):
    value = ",".join(f"{number}:{number}" for number in range(100_000))[:600_000].rpartition(",")[0]
    for number in range(16):
        node.topic(f"topic-{number}", leader_replication_throttled_replicas=value[:32000])
    for number in range(300):
        node.topic(f"more-{number}", leader_replication_throttled_replicas=value[:32000])
    logs = list((node.data / "__cluster_metadata-0").glob("*.log"))
    return min(len(logs), 2)


@effect("auto.create.topics.enable", {DEFAULT: NONE, "false": UNKNOWN_TOPIC})
def asking_for_a_topic_that_is_not_there(node):
    codes = []
    until(lambda: codes.append(node.metadata(["new"], create=True)["Topics"][0]["ErrorCode"])
          or codes[-1], lambda code: code == NONE or len(codes) > 20)
    return codes[-1]


@effect("default.replication.factor", {DEFAULT: NONE, "2": INVALID_REPLICATION_FACTOR})
def creating_a_topic_without_a_factor(node):
    return node.create("topic", factor=-1)


@effect("num.partitions", {DEFAULT: 1, "3": 3})
def partitions_of_a_topic_made_without_a_number(node):
    node.topic("topic", partitions=-1)
    return len(node.metadata(["topic"])["Topics"][0]["Partitions"])


@effect("delete.topic.enable", {DEFAULT: NONE, "false": TOPIC_DELETION_DISABLED})
def deleting_a_topic(node):
    answer = node.call("DeleteTopics", 5, {"TopicNames": [node.topic()], "TimeoutMs": 30000})
    return answer["Responses"][0]["ErrorCode"]


# Roll by the time of the records: the second one is two hours after the first.
@effect("log.roll.hours", {DEFAULT: 1, "1": 2})
def segments_of_two_records_two_hours_apart(node):
    topic, start = node.topic(), int(time.time() * 1000) - 48 * HOUR_MS
    node.produce(topic, timestamp=start)
    node.produce(topic, timestamp=start + 2 * HOUR_MS)
    return len(node.segments(topic))


@effect("log.roll.jitter.hours", {"0": False, "3": True}, log_roll_hours=3)
def some_segment_rolls_early(node):
    """Each segment's jitter is anything up to three hours: 60 of them all below one have odds of
    3 to the power of 60."""
    topic, start = node.topic(), int(time.time() * 1000) - 480 * HOUR_MS
    for number in range(60):
        node.produce(topic, timestamp=start + (number // 2) * 4 * HOUR_MS
                     + (number % 2) * 2 * HOUR_MS)
    return len(node.segments(topic)) > 30


def checkpointed(node, file, topic, wanted):
    """Waits where the interval is short, looks once where it is long."""
    if any(value == "50" for value in node.server.settings.values()):
        return until(lambda: node.checkpoint(file, topic), lambda offset: offset == wanted)
    return node.checkpoint(file, topic)


def open_files(node):
    for link in Path(f"/proc/{node.pid}/fd").iterdir():
        try:
            yield os.readlink(link)
        except OSError:
            continue  # it has just been closed


@effect("log.max.open.files", {"20": True, DEFAULT: False})
def at_most_so_many_logs_stay_open(node):
    """Each of 60 partitions has a record; all of them can be read again."""
    node.create("topic", partitions=60)
    for partition in range(60):
        answer = node.produce("topic", partition=partition)
        assert answer["ErrorCode"] == NONE, answer
    count = len([path for path in open_files(node) if "/topic-" in path])
    assert count > 0
    assert len(node.batches("topic")) == 1
    return count <= 20


@effect("log.flush.offset.checkpoint.interval.ms", {DEFAULT: None, "50": 1})
def recovery_point_on_disk_while_running(node):
    node.produce(node.topic())
    return checkpointed(node, "recovery-point-offset-checkpoint", "topic", 1)


@effect("log.flush.start.offset.checkpoint.interval.ms", {DEFAULT: None, "50": 1})
def log_start_on_disk_while_running(node):
    node.produce(node.topic())
    node.produce("topic")
    answer = node.call("DeleteRecords", 1, {"TimeoutMs": 30000, "Topics": [
        {"Name": "topic", "Partitions": [{"PartitionIndex": 0, "Offset": 1}]}]})
    assert answer["Topics"][0]["Partitions"][0]["ErrorCode"] == NONE, answer
    return checkpointed(node, "log-start-offset-checkpoint", "topic", 1)


@effect("log.flush.scheduler.interval.ms", {DEFAULT: None, "20": 1}, write_caching_default="true",
        log_flush_offset_checkpoint_interval_ms=50, log_unflushed_max_ms=HOUR_MS)
def recovery_point_of_what_is_cached(node):
    node.produce(node.topic())
    if "log.flush.scheduler.interval.ms" in node.server.settings:
        until(lambda: node.checkpoint("recovery-point-offset-checkpoint", "topic"), bool)
    return node.checkpoint("recovery-point-offset-checkpoint", "topic")


@effect("replica.high.watermark.checkpoint.interval.ms", {"3600000": None, "50": 1})
def high_watermark_on_disk_while_running(node):
    node.produce(node.topic())
    return checkpointed(node, "replication-offset-checkpoint", "topic", 1)


@effect("write.caching.default", {"false": 1, "true": None},
        log_flush_offset_checkpoint_interval_ms=50, log_unflushed_max_ms=HOUR_MS)
def recovery_point_after_an_acknowledged_record(node):
    """The acknowledgement waits for the flush, or for nothing: then nothing is flushed soon."""
    node.produce(node.topic())
    node.produce(node.topic("witness", write_caching="false"))
    name = "recovery-point-offset-checkpoint"
    until(lambda: node.checkpoint(name, "witness"), lambda offset: offset == 1)
    return node.checkpoint(name, "topic") or None
