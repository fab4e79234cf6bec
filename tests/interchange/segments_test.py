#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""segments_test.py --server build/release/odradek

Partition directories that Apache Kafka 4.3.1 wrote (all codecs, transactions, compacted) and left
by SIGKILL open in Odradek with every byte; Apache's dump tool finds nothing wrong in what Odradek
wrote; and for the same produce requests both write the same files, encoded anew or not.
"""

import argparse
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import (ROOT, AdoptingKafka, check, create, describe_partition, difference,
                    new_producer, produce, wait_until_led)
from batches import HEADER, batch
from codec import Connection
from harness.servers import PATIENCE_S, ApacheKafka, Odradek

CODECS = ("uncompressed", "gzip", "snappy", "lz4", "zstd")
SMALL = {"segment.bytes": "1048576", "index.interval.bytes": "512"}
COMPACTED = {**SMALL, "cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.01",
             "delete.retention.ms": "600000"}
SETTINGS = {"log.cleaner.backoff.ms": "100", "offsets.topic.num.partitions": "2",
            "transaction.state.log.num.partitions": "2", "log.initial.task.delay.ms": "0"}
BATCHES, RECORDS = 8, 10  # of each codec: a segment and more
KEYS = 20


def topics():
    made = {codec: {"NumPartitions": 1, "Configs": configs({**SMALL, "compression.type": codec})}
            for codec in CODECS}
    made["transacted"] = {"NumPartitions": 2, "Configs": configs(SMALL)}
    made["compacted"] = {"NumPartitions": 1, "Configs": configs(COMPACTED)}
    return made


def configs(values):
    return [{"Name": name, "Value": value} for name, value in values.items()]


def create_all(connection, made):
    answer = connection.call("CreateTopics", 7, {"Topics": [
        {"Name": name, "ReplicationFactor": 1, **topic} for name, topic in made.items()]})
    for topic in answer["Topics"]:
        check(topic["ErrorCode"] == 0, f"{topic['Name']}: {topic['ErrorMessage']}")


def values(chance, count, size):
    """Bytes that compress somewhat."""
    return [bytes(chance.choices(b"odradek ", k=size)) for _ in range(count)]


def fill(connection, chance):
    for codec in CODECS:
        for _ in range(BATCHES):
            produce(connection, codec, 0, batch(values(chance, RECORDS, 15_000)))
    for number in range(60):
        keys = [b"key-%d" % chance.randrange(KEYS) for _ in range(5)]
        last = None if number % 7 == 0 else chance.randbytes(12_000)
        produce(connection, "compacted", 0, batch([*values(chance, 4, 12_000), last], keys=keys))


class Transactions:
    """A transactional producer by hand."""

    def __init__(self, connection, name):
        self.connection, self.name, self.sequences = connection, name, {}
        self.until_coordinated(lambda: connection.call(
            "FindCoordinator", 3, {"Key": name, "KeyType": 1}))
        answer = self.until_coordinated(lambda: connection.call(
            "InitProducerId", 4, {"TransactionalId": name, "TransactionTimeoutMs": 60000}))
        self.id, self.epoch = answer["ProducerId"], answer["ProducerEpoch"]

    def until_coordinated(self, ask):
        deadline = time.monotonic() + PATIENCE_S
        while (answer := ask())["ErrorCode"] in (14, 15, 16, 51):
            check(time.monotonic() < deadline, f"{self.name}: {answer}")
            time.sleep(0.02)
        check(answer["ErrorCode"] == 0, f"{self.name}: {answer}")
        return answer

    def write(self, topic, partition, content):
        self.add(topic, partition)
        sequence = self.sequences.get((topic, partition), 0)
        produce(self.connection, topic, partition, batch(
            content, attributes=16, producer_id=self.id, producer_epoch=self.epoch,
            base_sequence=sequence), self.name)
        self.sequences[topic, partition] = sequence + len(content)

    def add(self, topic, partition):
        def ask():
            answer = self.connection.call("AddPartitionsToTxn", 3, {
                "V3AndBelowTransactionalId": self.name, "V3AndBelowProducerId": self.id,
                "V3AndBelowProducerEpoch": self.epoch,
                "V3AndBelowTopics": [{"Name": topic, "Partitions": [partition]}]})
            result = answer["ResultsByTopicV3AndBelow"][0]["ResultsByPartition"][0]
            return {"ErrorCode": result["PartitionErrorCode"]}
        self.until_coordinated(ask)

    def end(self, is_committed):
        self.until_coordinated(lambda: self.connection.call("EndTxn", 3, {
            "TransactionalId": self.name, "ProducerId": self.id, "ProducerEpoch": self.epoch,
            "Committed": is_committed}))


def transact(connection, chance):
    """Two producers, their transactions across each other; the last one stays open."""
    first, second = (Transactions(connection, name) for name in ("first", "second"))
    for number in range(12):
        first.write("transacted", number % 2, values(chance, 3, 20_000))
        second.write("transacted", 0, values(chance, 2, 20_000))
        first.end(number % 3 != 0)
        if number < 11:
            second.end(number % 4 != 1)


def raw_batches(connection, topic_id, partition, end):
    """The whole batches from the log's start on, one by one."""
    position, found = 0, []
    while position < end:
        answer = connection.call("Fetch", 16, {
            "MaxWaitMs": 1000, "MinBytes": 1, "MaxBytes": 50_000_000, "SessionEpoch": -1,
            "Topics": [{"TopicId": topic_id, "Partitions": [
                {"Partition": partition, "FetchOffset": position,
                 "PartitionMaxBytes": 50_000_000}]}]})
        data = answer["Responses"][0]["Partitions"][0]
        check(data["ErrorCode"] == 0 and data["Records"], f"at {position} of {end}: {data}")
        records = data["Records"]
        while len(records) >= HEADER.size:
            fields = HEADER.unpack_from(records)
            size = 12 + fields[1]
            if size > len(records):
                break
            found.append(records[:size])
            position = fields[0] + fields[6] + 1
            records = records[size:]
    return found


def as_sent(stored):
    """The batch without its place, as a producer sends it."""
    return bytes(8) + stored[8:12] + b"\xff" * 4 + stored[16:]


def aborted(connection, topic_id, partition):
    answer = connection.call("Fetch", 16, {
        "MaxWaitMs": 0, "MinBytes": 1, "MaxBytes": 50_000_000, "SessionEpoch": -1,
        "IsolationLevel": 1, "Topics": [{"TopicId": topic_id, "Partitions": [
            {"Partition": partition, "FetchOffset": 0, "PartitionMaxBytes": 50_000_000}]}]})
    data = answer["Responses"][0]["Partitions"][0]
    return {"AbortedTransactions": sorted(data["AbortedTransactions"] or [], key=str),
            "LastStableOffset": data["LastStableOffset"]}


def describe(port):
    connection = Connection(port)
    state = {}
    for topic in connection.call("Metadata", 12, {"Topics": None})["Topics"]:
        if topic["Name"].startswith("__"):
            continue
        for partition in topic["Partitions"]:
            index = partition["PartitionIndex"]
            state[f"{topic['Name']}-{index}"] = {
                **describe_partition(connection, topic["Name"], topic["TopicId"], index),
                **aborted(connection, topic["TopicId"], index)}
    connection.close()
    return state


def wait_until_cleaned(connection, data):
    """Until offsets are missing, and the cleaner has nothing under way."""
    ids = {topic["Name"]: topic["TopicId"]
           for topic in connection.call("Metadata", 12, {"Topics": None})["Topics"]}
    end = 60 * 5
    directory = data / "compacted-0"
    deadline = time.monotonic() + PATIENCE_S
    while True:
        records = sum(HEADER.unpack_from(one)[12]
                      for one in raw_batches(connection, ids["compacted"], 0, end))
        under_way = [path for path in directory.iterdir() if path.suffix in (".cleaned", ".swap")]
        if records < end - KEYS and not under_way:
            return
        check(time.monotonic() < deadline, f"after {PATIENCE_S} s {records} of {end} are there")
        time.sleep(0.1)


def dump(data, *options):
    """What Apache's dump tool says of every segment of `data`."""
    suffix = ".log" if "--deep-iteration" in options else "index"
    files = sorted(str(path) for path in data.glob("[!_]*/*") if path.name.endswith(suffix))
    check(files, f"{data} has nothing to dump")
    tool = [ROOT / "tests/peer/apache-kafka", "tool", "org.apache.kafka.tools.DumpLogSegments"]
    done = subprocess.run([*tool, *options, "--files", ",".join(files)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
    check(done.returncode == 0, f"DumpLogSegments: {done.stdout[-2000:]}")
    return done.stdout


WRONG = re.compile(r".*(mismatch|corrupt|invalid|not valid|isvalid: false|truncated|exception|"
                   r"found timestamp).*", re.IGNORECASE)
# The tool misses what lies before a segment, too, which it gives as -1.
MISSING = re.compile(r"Non-consecutive offsets in \S*/(?!compacted-)\S+\n {2}\d+ is followed by")


def check_dump(data, what):
    """Apache's tool finds nothing wrong; only compacted logs miss offsets."""
    for options in (("--deep-iteration",), ("--index-sanity-check",), ("--verify-index-only",)):
        said = dump(data, *options)
        found = [line for line in said.splitlines() if WRONG.fullmatch(line)]
        found += MISSING.findall(said)
        check(not found, f"{what}: {options}: {found[:3]}")
    print(f"ok: Apache's tool finds nothing wrong in {what}")


def kafka_is_killed(binary, place):
    """Odradek takes over what a killed Apache Kafka left. Returns the batches of every codec."""
    chance = random.Random(5)
    kafka = ApacheKafka(place / "kafka", SETTINGS).start()
    connection = Connection(kafka.port)
    create_all(connection, topics())
    wait_until_led(kafka.port)
    fill(connection, chance)
    transact(connection, chance)
    wait_until_cleaned(connection, kafka.data)
    ids = {topic["Name"]: topic["TopicId"]
           for topic in connection.call("Metadata", 12, {"Topics": None})["Topics"]}
    batches = {codec: [as_sent(one) for one in
                       raw_batches(connection, ids[codec], 0, BATCHES * RECORDS)]
               for codec in CODECS}
    connection.close()
    before = describe(kafka.port)
    for name in ("transacted-0", "transacted-1"):
        check(before[name]["AbortedTransactions"], f"{name} has no aborted transaction")
    kafka.kill()
    server = Odradek(place / "odradek", SETTINGS, binary)
    shutil.move(kafka.data, server.data)
    server.start()
    wait_until_led(server.port)
    found = difference(before, describe(server.port))
    check(found is None, f"what a killed Apache Kafka left: {found}")
    print("ok: what a killed Apache Kafka left opens in Odradek")
    check(server.stop() == 0, f"no clean stop: {server.log}")
    check_dump(server.data, "what Odradek recovered")
    return batches


def write_same(server, batches):
    """One request for each batch, with an idempotent producer among them; returns the data."""
    server.start()
    connection = Connection(server.port)
    made = {codec: SMALL for codec in [*CODECS, "idempotent"]}
    made |= {f"into-{codec}": {**SMALL, "compression.type": codec} for codec in CODECS}
    create_all(connection, {name: {"NumPartitions": 1, "Configs": configs(values)}
                            for name, values in made.items()})
    wait_until_led(server.port)
    for codec, other in zip(CODECS, [*CODECS[1:], CODECS[0]]):
        for one in batches[codec]:
            produce(connection, codec, 0, one)
            produce(connection, f"into-{other}", 0, one)
    producer = new_producer(connection)
    for sequence in range(0, 30, 3):
        produce(connection, "idempotent", 0, batch(
            [b"v" * 50_000] * 3, timestamp=1_700_000_000_000 + sequence,
            producer_id=producer["ProducerId"], producer_epoch=producer["ProducerEpoch"],
            base_sequence=sequence))
    connection.close()
    check(server.stop() == server.clean_stop_status, f"no clean stop: {server.log}")
    return server.data


def same_requests(binary, place, batches):
    ours = write_same(Odradek(place / "ours", SETTINGS, binary), batches)
    kafkas = write_same(ApacheKafka(place / "kafkas", SETTINGS), batches)
    check_dump(ours, "what Odradek wrote")
    for directory in sorted(path.name for path in kafkas.glob("[!_]*-0")):
        for kind in ("log", "index", "timeindex", "txnindex"):
            theirs = {path.name: path.read_bytes()
                      for path in (kafkas / directory).glob(f"*.{kind}")}
            mine = {path.name: path.read_bytes() for path in (ours / directory).glob(f"*.{kind}")}
            check(mine.keys() == theirs.keys(),
                  f"{directory}: {sorted(mine)} is not {sorted(theirs)}")
            for name, content in theirs.items():
                check(mine[name] == content, f"{directory}/{name} differs")
    print("ok: the same requests make the same files")


def ours_is_killed(binary, place, batches):
    """Apache Kafka takes over what a killed Odradek left."""
    server = Odradek(place / "killed", SETTINGS, binary).start()
    connection = Connection(server.port)
    create_all(connection, {codec: {"NumPartitions": 1, "Configs": configs(SMALL)}
                            for codec in CODECS})
    for codec, list_of_batches in batches.items():
        for one in list_of_batches:
            produce(connection, codec, 0, one)
    connection.close()
    before = describe(server.port)
    server.kill()
    kafka = AdoptingKafka(place / "adopting")
    shutil.rmtree(kafka.data, ignore_errors=True)
    shutil.move(server.data, kafka.data)
    kafka.start()
    wait_until_led(kafka.port)
    found = difference(before, describe(kafka.port))
    check(found is None, f"what a killed Odradek left: {found}")
    kafka.stop()
    print("ok: what a killed Odradek left opens in Apache Kafka")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True, type=Path)
    binary = parser.parse_args().server
    place = Path(tempfile.mkdtemp(prefix="odradek-segments-"))
    try:
        batches = kafka_is_killed(binary, place)
        same_requests(binary, place, batches)
        ours_is_killed(binary, place, batches)
    except BaseException:
        print(f"logs and data: {place}", file=sys.stderr)
        raise
    shutil.rmtree(place)


if __name__ == "__main__":
    main()
