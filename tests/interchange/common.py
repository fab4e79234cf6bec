# SPDX-License-Identifier: Apache-2.0
"""What both tests of moving a directory do as a client, and Apache Kafka on a directory that it did
not format.
"""

import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "answers"), str(ROOT / "tests" / "clients")]
from batches import take_apart  # noqa: E402
from codec import Connection  # noqa: E402
from harness.servers import PATIENCE_S, ApacheKafka, free_port  # noqa: E402


def check(condition, sentence):
    if not condition:
        sys.exit(f"interchange: {sentence}")


def create(connection, topics):
    answer = connection.call("CreateTopics", 7, {"Topics": [
        {"Name": name, "NumPartitions": topic["NumPartitions"], "ReplicationFactor": 1,
         "Configs": [{"Name": key, "Value": value}
                     for key, value in topic.get("Configs", {}).items()]}
        for name, topic in topics.items()]})
    for topic in answer["Topics"]:
        check(topic["ErrorCode"] == 0, f"{topic['Name']} is not created: {topic['ErrorMessage']}")
    wait_for_topics(connection, lambda names: names >= set(topics), f"{set(topics)} are not there")


def wait_for_topics(connection, holds, what):
    """Kafka's brokers hear of a change later than its controller."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds({topic["Name"]
                     for topic in connection.call("Metadata", 12, {"Topics": None})["Topics"]}):
        check(time.monotonic() < deadline, f"after {PATIENCE_S} s {what}")
        time.sleep(0.05)


def delete(connection, name):
    answer = connection.call("DeleteTopics", 6, {"Topics": [{"Name": name}], "TimeoutMs": 30000})
    check(answer["Responses"][0]["ErrorCode"] == 0, f"{name} is not deleted: {answer}")
    wait_for_topics(connection, lambda names: name not in names, f"{name} is still there")


def produce(connection, topic, partition, data, transactional_id=None):
    answer = connection.call("Produce", 9, {
        "TransactionalId": transactional_id, "Acks": -1, "TimeoutMs": 30000, "TopicData": [
            {"Name": topic, "PartitionData": [{"Index": partition, "Records": data}]}]})
    result = answer["Responses"][0]["PartitionResponses"][0]
    check(result["ErrorCode"] == 0, f"{topic}-{partition}: produce answers {result}")


def new_producer(connection):
    """A fresh producer id; Kafka says COORDINATOR_LOAD_IN_PROGRESS until it has a block of them."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        answer = connection.call("InitProducerId", 5, {"TransactionalId": None,
                                                       "TransactionTimeoutMs": 60000})
        if answer["ErrorCode"] == 0:
            return answer
        check(answer["ErrorCode"] == 14 and time.monotonic() < deadline,
              f"InitProducerId answers {answer}")
        time.sleep(0.05)


def fetch_all(connection, topic_id, partition, position, end):
    batches = []
    while position < end:
        answer = connection.call("Fetch", 16, {
            "MaxWaitMs": 1000, "MinBytes": 1, "MaxBytes": 50_000_000, "SessionEpoch": -1,
            "Topics": [{"TopicId": topic_id, "Partitions": [
                {"Partition": partition, "FetchOffset": position,
                 "PartitionMaxBytes": 50_000_000}]}]})
        data = answer["Responses"][0]["Partitions"][0]
        check(data["ErrorCode"] == 0, f"fetching {topic_id}-{partition} answers {data}")
        got = take_apart(data["Records"])
        check(got, f"nothing comes at offset {position} of {end}")
        batches += got
        position = got[-1]["BaseOffset"] + got[-1]["LastOffsetDelta"] + 1
    return batches


def list_offset(connection, topic, partition, timestamp):
    answer = connection.call("ListOffsets", 8, {"ReplicaId": -1, "Topics": [
        {"Name": topic, "Partitions": [{"PartitionIndex": partition, "Timestamp": timestamp}]}]})
    data = answer["Topics"][0]["Partitions"][0]
    return {key: data[key] for key in ("ErrorCode", "Offset", "Timestamp")}


def describe_partition(connection, topic, topic_id, partition):
    end = list_offset(connection, topic, partition, -1)
    producers = connection.call("DescribeProducers", 0, {"Topics": [
        {"Name": topic, "PartitionIndexes": [partition]}]})["Topics"][0]["Partitions"][0]
    start = list_offset(connection, topic, partition, -2)
    return {
        "Start": start,
        "End": end,
        "MaxTimestamp": list_offset(connection, topic, partition, -3),
        "Epoch0": connection.call("OffsetForLeaderEpoch", 4, {"Topics": [
            {"Topic": topic, "Partitions": [{"Partition": partition, "LeaderEpoch": 0}]}]}),
        "Producers": sorted(producers["ActiveProducers"], key=lambda state: state["ProducerId"]),
        "Batches": fetch_all(connection, topic_id, partition, start["Offset"],
                             end["Offset"]),
    }


def topic_configs(connection, topic):
    answer = connection.call("DescribeConfigs", 4, {"Resources": [
        {"ResourceType": 2, "ResourceName": topic, "ConfigurationKeys": None}]})
    return {entry["Name"]: entry["Value"] for entry in answer["Results"][0]["Configs"]
            if entry["ConfigSource"] == 1}


def wait_until_led(port):
    """A server that answers may yet have to take the lead of its partitions."""
    deadline = time.monotonic() + PATIENCE_S
    connection = Connection(port)
    while True:
        topics = connection.call("Metadata", 12, {"Topics": None})["Topics"]
        errors = {f"{topic['Name']}-{partition['PartitionIndex']}": error
                  for topic in topics for partition in topic["Partitions"]
                  if (error := list_offset(connection, topic["Name"],
                                           partition["PartitionIndex"], -1)["ErrorCode"])}
        if topics and not errors:
            break
        check(time.monotonic() < deadline, f"not led after {PATIENCE_S} s: {errors}")
        time.sleep(0.05)
    connection.close()


def difference(before, after, path=""):
    """Where two states differ first; nothing where they are equal."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(set(before) | set(after), key=str):
            if key not in before or key not in after:
                return f"{path}/{key} is on one side only"
            found = difference(before[key], after[key], f"{path}/{key}")
            if found:
                return found
        return None
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        found = (difference(*pair, f"{path}[{index}]")
                 for index, pair in enumerate(zip(before, after)))
        return next((sentence for sentence in found if sentence), None)
    return None if before == after else f"{path}: {str(before)[:300]} became {str(after)[:300]}"


class AdoptingKafka(ApacheKafka):
    """Kafka without a format of its own: it takes the directory that is moved there."""

    def __init__(self, directory):  # pylint: disable=super-init-not-called
        super(ApacheKafka, self).__init__(directory)
        lines = [
            "process.roles=broker,controller", "node.id=1",
            f"controller.quorum.voters=1@127.0.0.1:{free_port()}",
            "controller.listener.names=CONTROLLER",
            f"advertised.listeners=PLAINTEXT://{self.bootstrap}", f"log.dirs={self.data}",
            "offsets.topic.replication.factor=1", "transaction.state.log.replication.factor=1",
            "transaction.state.log.min.isr=1",
        ] + [f"{key}={value}" for key, value in self.settings.items()]
        port = lines[2].rsplit(":", 1)[1]
        lines.append(f"listeners=PLAINTEXT://{self.bootstrap},CONTROLLER://127.0.0.1:{port}")
        (self.directory / "server.properties").write_text("\n".join(lines) + "\n")
