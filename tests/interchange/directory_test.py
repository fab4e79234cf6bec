#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""directory_test.py --server build/release/odradek

A data directory moves between Odradek and Apache Kafka 4.3.1, in both directions, and every topic,
record, configuration, offset, epoch and producer in it stays what it was.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from common import (AdoptingKafka, check, create, delete, describe_partition, difference,
                    new_producer, produce, topic_configs, wait_until_led)
from batches import batch
from codec import Connection
from harness.servers import PATIENCE_S, ApacheKafka, Odradek

TOPICS = {
    "plain": {"NumPartitions": 3},
    "tuned": {"NumPartitions": 1, "Configs": {"segment.bytes": "1048576", "retention.ms": "-1",
                                              "max.message.bytes": "600000"}},
    "compacted.topic": {"NumPartitions": 2, "Configs": {"cleanup.policy": "compact"}},
    "stamped": {"NumPartitions": 1, "Configs": {"message.timestamp.type": "LogAppendTime"}},
    "doomed": {"NumPartitions": 4},
    "empty_one": {"NumPartitions": 2},
}


# What is configured while a server runs: {(type, name): key}, and the sources of such values.
CONFIGURED = {(4, "1"): "log.segment.bytes", (4, ""): "max.connections.per.ip",
              (16, "subscription"): "interval.ms",
              (32, "group"): "streams.initial.rebalance.delay.ms"}
CONFIGURED_VALUES = {b"odradek": 1_100_000, b"kafka": 1_200_000, b"again": 1_300_000}
DYNAMIC_SOURCES = (2, 3, 7, 8)


def configured(connection):
    resources = [{"ResourceType": kind, "ResourceName": name, "ConfigurationKeys": None}
                 for kind, name in CONFIGURED]
    answer = connection.call("DescribeConfigs", 4, {"Resources": resources})
    return {f"{result['ResourceType']} {result['ResourceName']}": {
        entry["Name"]: entry["Value"] for entry in result["Configs"]
        if entry["ConfigSource"] in DYNAMIC_SOURCES} for result in answer["Results"]}


def configure(connection, value):
    """Every type of resource; returns when the change is seen."""
    answer = connection.call("IncrementalAlterConfigs", 1, {"Resources": [
        {"ResourceType": kind, "ResourceName": name, "Configs": [
            {"Name": key, "ConfigOperation": 0, "Value": str(value)}]}
        for (kind, name), key in CONFIGURED.items()]})
    for result in answer["Responses"]:
        check(result["ErrorCode"] == 0, f"not configured: {result}")
    deadline = time.monotonic() + PATIENCE_S
    while any(configured(connection)[f"{kind} {name}"].get(key) != str(value)
              for (kind, name), key in CONFIGURED.items()):
        check(time.monotonic() < deadline, f"not configured: {configured(connection)}")
        time.sleep(0.05)


def fill(connection, marker):
    """Records in several shapes: plain, keyed, null, idempotent, in several segments."""
    for number in range(5):
        produce(connection, "plain", number % 3, batch([b"%s-%d" % (marker, number), None]))
    for number in range(6):
        produce(connection, "tuned", 0, batch([marker * 60_000, b"%d" % number]))
    produce(connection, "compacted.topic", 1, batch([marker] * 3, keys=[b"a", b"b", b"a"]))
    produce(connection, "stamped", 0, batch([marker, marker]))
    producer = new_producer(connection)
    for sequence in (0, 2):
        produce(connection, "plain", 0, batch(
            [marker, marker], producer_id=producer["ProducerId"],
            producer_epoch=producer["ProducerEpoch"], base_sequence=sequence))
    configure(connection, CONFIGURED_VALUES[marker])
    return producer["ProducerId"]


def set_clients(connection):
    """Quotas and credentials, which move with the rest of the metadata."""
    altered = connection.call("AlterClientQuotas", 1, {"Entries": [
        {"Entity": [{"EntityType": "user", "EntityName": "josef"},
                    {"EntityType": "client-id", "EntityName": None}],
         "Ops": [{"Key": "producer_byte_rate", "Value": 1000.0},
                 {"Key": "request_percentage", "Value": 12.5}]},
        {"Entity": [{"EntityType": "ip", "EntityName": "10.0.0.1"}],
         "Ops": [{"Key": "connection_creation_rate", "Value": 3}]}]})
    check(not any(entry["ErrorCode"] for entry in altered["Entries"]), f"quotas: {altered}")
    altered = connection.call("AlterUserScramCredentials", 0, {"Upsertions": [
        {"Name": "josef", "Mechanism": 1, "Iterations": 4096, "Salt": b"salt",
         "SaltedPassword": b"p" * 32}]})
    check(not altered["Results"][0]["ErrorCode"], f"credentials: {altered}")


def change_cluster(connection):
    """Changes of the cluster itself, each with records of its own."""
    for feature, level, kind in (("group.version", 0, 2), ("group.version", 1, 1),
                                 ("kraft.version", 1, 1)):
        answer = connection.call("UpdateFeatures", 2, {"FeatureUpdates": [
            {"Feature": feature, "MaxVersionLevel": level, "UpgradeType": kind}]})
        check(not answer["ErrorCode"], f"UpdateFeatures answers {answer}")
    answer = connection.call("UnregisterBroker", 0, {"BrokerId": 1})
    check(not answer["ErrorCode"], f"UnregisterBroker answers {answer}")
    answer = connection.call("AlterPartitionReassignments", 1, {"Topics": [
        {"Name": "plain", "Partitions": [{"PartitionIndex": 0, "Replicas": [1]}]}]})
    check(not answer["Responses"][0]["Partitions"][0]["ErrorCode"], f"reassigned: {answer}")


def describe_clients(connection):
    quotas = connection.call("DescribeClientQuotas", 1, {})["Entries"]
    for entry in quotas:
        entry["Entity"].sort(key=lambda part: part["EntityType"])
        entry["Values"].sort(key=lambda value: value["Key"])
    users = connection.call("DescribeUserScramCredentials", 0, {})["Results"]
    return {"Quotas": sorted(quotas, key=str),
            "Credentials": sorted(users, key=lambda user: user["User"])}


def describe(port):
    """Everything that a client can see of the cluster's contents."""
    connection = Connection(port)
    metadata = connection.call("Metadata", 12, {"Topics": None})
    state = {}
    for topic in metadata["Topics"]:
        state[topic["Name"]] = {
            "TopicId": topic["TopicId"],
            "Configs": topic_configs(connection, topic["Name"]),
            "Partitions": {
                partition["PartitionIndex"]: describe_partition(
                    connection, topic["Name"], topic["TopicId"], partition["PartitionIndex"])
                for partition in sorted(topic["Partitions"],
                                        key=lambda partition: partition["PartitionIndex"])}}
        for partition in topic["Partitions"]:
            check(partition["ErrorCode"] == 0 and partition["LeaderId"] == 1,
                  f"{topic['Name']} has no leader: {partition}")
    state = {"ClusterId": metadata["ClusterId"], "Clients": describe_clients(connection),
             "Configured": configured(connection), "Topics": state}
    connection.close()
    return state


def move(running, other, what):
    """Stops `running`, starts `other` on its data, and compares what clients see."""
    before = describe(running.port)
    check(running.stop() == running.clean_stop_status, f"{what}: no clean stop, {running.log}")
    if other.data != running.data:
        shutil.rmtree(other.data, ignore_errors=True)
        shutil.move(running.data, other.data)
    other.start()
    wait_until_led(other.port)
    found = difference(before, describe(other.port))
    check(found is None, f"{what}: {found}")
    print(f"ok: {what}")


def odradek_to_kafka_and_back(binary, place):
    """A directory formatted and used by Odradek; Kafka uses it; Odradek again."""
    first = Odradek(place / "odradek", {"metadata.log.max.record.bytes.between.snapshots": "1"},
                    binary).start()
    connection = Connection(first.port)
    create(connection, TOPICS)
    fill(connection, b"odradek")
    set_clients(connection)
    change_cluster(connection)
    connection.call("CreatePartitions", 3, {"Topics": [{"Name": "empty_one", "Count": 5,
                                                        "Assignments": None}],
                                            "TimeoutMs": 30000})
    delete(connection, "doomed")
    connection.call("DeleteRecords", 2, {"TimeoutMs": 30000, "Topics": [
        {"Name": "plain", "Partitions": [{"PartitionIndex": 1, "Offset": 1}]}]})
    connection.close()
    check(list(first.data.glob("__cluster_metadata-0/*.checkpoint")), "there is no snapshot")
    kafka = AdoptingKafka(place / "kafka")
    move(first, kafka, "a directory of Odradek's opens in Apache Kafka")
    connection = Connection(kafka.port)
    fill(connection, b"kafka")
    create(connection, {"late": {"NumPartitions": 2, "Configs": {"cleanup.policy": "delete"}}})
    delete(connection, "empty_one")
    wait_until_led(kafka.port)
    connection.close()
    second = Odradek(place / "again", binary=binary)
    move(kafka, second, "and opens in Odradek again")
    used_again(second)


def kafka_to_odradek(binary, place):
    """A directory formatted and used by Kafka; then Odradek's."""
    kafka = ApacheKafka(place / "kafka-first").start()
    connection = Connection(kafka.port)
    create(connection, TOPICS)
    wait_until_led(kafka.port)
    fill(connection, b"kafka")
    set_clients(connection)
    delete(connection, "doomed")
    connection.close()
    server = Odradek(place / "odradek-second", binary=binary)
    move(kafka, server, "a directory of Apache Kafka's opens in Odradek")
    used_again(server)


def used_again(server):
    """The server goes on writing where the other one stopped, and stops cleanly."""
    connection = Connection(server.port)
    fresh = new_producer(connection)["ProducerId"]
    for topic in describe(server.port)["Topics"].values():
        for partition in topic["Partitions"].values():
            known = [producer["ProducerId"] for producer in partition["Producers"]]
            check(fresh not in known, f"producer id {fresh} is given a second time")
    fill(connection, b"again")
    create(connection, {"after": {"NumPartitions": 1}})
    connection.close()
    check(server.stop() == server.clean_stop_status, f"no clean stop: {server.log}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True, type=Path)
    binary = parser.parse_args().server
    place = Path(tempfile.mkdtemp(prefix="odradek-interchange-"))
    try:
        odradek_to_kafka_and_back(binary, place)
        kafka_to_odradek(binary, place)
    except BaseException:
        print(f"logs and data: {place}", file=sys.stderr)
        raise
    shutil.rmtree(place)


if __name__ == "__main__":
    main()
