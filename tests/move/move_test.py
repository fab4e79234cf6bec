#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Moves partitions between three log directories while clients write and read them, with our tool
and by the protocol, and kills the server in between: every record is there once, in order.
"""

import argparse
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

import confluent_kafka

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests/clients"), str(ROOT / "tests/answers")]
from codec import Connection  # noqa: E402
from harness.servers import Odradek  # noqa: E402

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--build", type=Path, default=ROOT / "build/release")
parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
parser.add_argument("--rounds", type=int, default=6, help="how often every partition is moved")
parser.add_argument("--kills", type=int, default=2)
ARGUMENTS, REST = parser.parse_known_args()
BUILD = ARGUMENTS.build.resolve()
PARTITIONS = 20
PATIENCE_S = 60
FAR_SLOWER = 1 << 16
INVALID_REPLICATION_FACTOR = 38


def until(condition, what, patience_s=PATIENCE_S):
    deadline = time.monotonic() + patience_s
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {patience_s} s: {what}")
        time.sleep(0.02)


class Node:
    """A server with three log directories."""

    def __init__(self, directory, **settings):
        self.directory = Path(directory)
        self.dirs = [self.directory / name for name in ("a", "b", "c")]
        self.server = Odradek(directory, {
            "node.id": "1", "log.dirs": ",".join(map(str, self.dirs)),
            "log.segment.bytes": str(1 << 20), "log.index.interval.bytes": "1024",
            "file.delete.delay.ms": "1000", "log.segment.delete.delay.ms": "100",
            **{key.replace("_", "."): value for key, value in settings.items()},
        }, BUILD / "odradek", defaults={})
        self.server.start()

    def call(self, api, version, values):
        connection = Connection(self.server.port)
        try:
            return connection.call(api, version, values)
        finally:
            connection.close()

    def create(self, topic, partitions=1):
        answer = self.call("CreateTopics", 7, {"Topics": [
            {"Name": topic, "NumPartitions": partitions, "ReplicationFactor": 1,
             "Configs": []}], "timeoutMs": 30000})
        assert answer["Topics"][0]["ErrorCode"] == 0, answer

    def move(self, topic, partition, target):
        """The error code."""
        answer = self.call("AlterReplicaLogDirs", 2, {"Dirs": [
            {"Path": str(target), "Topics": [{"Name": topic, "Partitions": [partition]}]}]})
        return answer["Results"][0]["Partitions"][0]["ErrorCode"]

    def set(self, key, value):
        """None takes it back."""
        config = {"Name": key, "ConfigOperation": 0 if value is not None else 1, "Value": value}
        answer = self.call("IncrementalAlterConfigs", 1, {"Resources": [
            {"ResourceType": 4, "ResourceName": "1", "Configs": [config]}],
            "ValidateOnly": False})
        assert answer["Responses"][0]["ErrorCode"] == 0, answer

    def described(self, topic):
        """Where each partition lies, and the rows of copies: (index, directory, lag, size)."""
        answer = self.call("DescribeLogDirs", 5, {"Topics": None})
        lies, futures = {}, []
        for directory in answer["Results"]:
            assert directory["ErrorCode"] == 0, directory
            for found in directory["Topics"]:
                if found["Name"] != topic:
                    continue
                for row in found["Partitions"]:
                    index = row["PartitionIndex"]
                    if row["IsFutureKey"]:
                        futures.append((index, directory["LogDir"], row["OffsetLag"],
                                        row["PartitionSize"]))
                    else:
                        assert index not in lies, "a partition lies in one directory"
                        lies[index] = directory["LogDir"]
        return lies, futures

    def holders(self, topic, partition):
        return [path for path in self.dirs if (path / f"{topic}-{partition}").exists()]

    def left(self, marker):
        return [path for base in self.dirs for path in base.glob(f"*{marker}")]

    def tool(self, *arguments, succeeds=True):
        done = subprocess.run([BUILD / "bin/kafka-reassign-partitions", "--bootstrap-server",
                               self.server.bootstrap, *arguments], text=True,
                              capture_output=True, timeout=PATIENCE_S)
        assert (done.returncode == 0) == succeeds, done.stdout + done.stderr
        return done.stdout


class Load:
    """One idempotent producer and one reader of a topic."""

    def __init__(self, bootstrap, topic):
        self.topic = topic
        self.client = {"bootstrap.servers": bootstrap, "reconnect.backoff.ms": 5,
                       "reconnect.backoff.max.ms": 50, "retry.backoff.ms": 5, "log_level": 2,
                       "topic.metadata.refresh.interval.ms": 2000}
        self.is_stopping = threading.Event()
        self.sent = [0] * PARTITIONS
        self.acknowledged = [0] * PARTITIONS
        self.failures = []
        self.seen = [[] for _ in range(PARTITIONS)]
        self.threads = [threading.Thread(target=work, daemon=True)
                        for work in (self.produce, self.consume)]
        for thread in self.threads:
            thread.start()

    def produce(self):
        producer = confluent_kafka.Producer({**self.client, "enable.idempotence": True,
                                             "linger.ms": 2, "message.timeout.ms": 120000})

        def told(error, message):
            if error is not None:
                self.failures.append(f"{error} of {message.partition()}")
                return
            self.acknowledged[message.partition()] += 1

        partition = 0
        while not self.is_stopping.is_set():
            partition = (partition + 1) % PARTITIONS
            if sum(self.sent) - sum(self.acknowledged) > 2000:
                producer.poll(0.01)
                continue
            value = b"%d:" % self.sent[partition] + b"v" * random.randrange(500)
            producer.produce(self.topic, value, partition=partition, on_delivery=told)
            self.sent[partition] += 1
            producer.poll(0)
        if producer.flush(PATIENCE_S) > 0:
            self.failures.append("records are on their way still")

    def consume(self):
        consumer = confluent_kafka.Consumer({**self.client, "group.id": "readers",
                                             "auto.offset.reset": "earliest",
                                             "enable.auto.commit": False})
        consumer.assign([confluent_kafka.TopicPartition(self.topic, index, 0)
                         for index in range(PARTITIONS)])
        quiet_since = time.monotonic()
        while not (self.is_stopping.is_set() and
                   [len(seen) for seen in self.seen] == self.sent):
            message = consumer.poll(0.1)
            if message is None or message.error():
                if self.is_stopping.is_set() and time.monotonic() - quiet_since > PATIENCE_S:
                    break
                continue
            quiet_since = time.monotonic()
            number = int(message.value().split(b":")[0])
            self.seen[message.partition()].append((message.offset(), number))
        consumer.close()

    def stop(self):
        self.is_stopping.set()
        for thread in self.threads:
            thread.join(2 * PATIENCE_S)
            assert not thread.is_alive(), "a client does not come to its end"

    def check(self, case):
        case.assertEqual(self.failures, [])
        case.assertEqual(self.acknowledged, self.sent)
        for index, seen in enumerate(self.seen):
            # Every record once, in the order of producing, at the offset of its number.
            case.assertEqual(seen, [(number, number) for number in range(self.sent[index])],
                             f"partition {index}")


class Move(unittest.TestCase):
    def setUp(self):
        self.random = random.Random(ARGUMENTS.seed)
        self.directory = Path(tempfile.mkdtemp(prefix="odradek-move-"))
        self.nodes = []

    def tearDown(self):
        for node in self.nodes:
            if node.server.running():
                node.server.stop()
        shutil.rmtree(self.directory)

    def node(self, **settings):
        self.nodes.append(Node(self.directory, **settings))
        return self.nodes[-1]

    def settle(self, node, topic, targets):
        """Once every partition lies where it is to lie, and nothing is left of the moves."""
        def are_there():
            lies, futures = node.described(topic)
            return not futures and all(lies.get(index) == str(target)
                                       for index, target in targets.items())
        until(are_there, f"{topic} lies in {targets}: {node.described(topic)}")
        for index, target in targets.items():
            self.assertEqual(node.holders(topic, index), [target])
        self.assertEqual(node.left("-future"), [])

    def test_moves_under_load_and_kills(self):
        node = self.node()
        node.create("load", PARTITIONS)
        load = Load(node.server.bootstrap, "load")
        kills = set(self.random.sample(range(ARGUMENTS.rounds), ARGUMENTS.kills))
        for round_number in range(ARGUMENTS.rounds):
            until(lambda: min(load.acknowledged) > 40 * round_number, "the producer gets on")
            targets = {index: self.random.choice(node.dirs) for index in range(PARTITIONS)}
            for index, target in targets.items():
                self.assertEqual(node.move("load", index, target), 0)
            if round_number in kills:
                time.sleep(self.random.uniform(0, 0.5))  # anywhere in the moves
                node.server.kill()
                node.server.start()
                lies, futures = node.described("load")
                self.assertEqual(len(lies), PARTITIONS)
                # What moved has moved, what was on its way goes on; what had hardly begun may not
                # be known any more.
                going = {index: Path(directory) for index, directory, _, _ in futures}
                targets = {index: going.get(index, Path(lies[index])) for index in targets}
            self.settle(node, "load", targets)
        load.stop()
        load.check(self)
        until(lambda: not node.left("-delete"), "what was left behind is removed")
        # The next start finds everything where it was, and the metadata agrees.
        before, _ = node.described("load")
        self.assertEqual(node.server.stop(), 0)
        node.server.start()
        self.assertEqual(node.described("load")[0], before)
        print(f"{sum(load.sent)} records, {ARGUMENTS.rounds * PARTITIONS} moves, "
              f"{ARGUMENTS.kills} kills", flush=True)

    def fill(self, node, topic, count=3000):
        producer = confluent_kafka.Producer({"bootstrap.servers": node.server.bootstrap})
        for _ in range(count):
            producer.produce(topic, b"v" * 500, partition=0)
        self.assertEqual(producer.flush(PATIENCE_S), 0)

    def slow_move(self, node, topic="slow"):
        """One that is on its way; where it lies, and where to."""
        node.create(topic)
        self.fill(node, topic)
        node.set("replica.alter.log.dirs.io.max.bytes.per.second", str(FAR_SLOWER))
        lies = Path(node.described(topic)[0][0])
        target = next(path for path in node.dirs if path != lies)
        self.assertEqual(node.move(topic, 0, target), 0)
        return lies, target

    def test_a_copy_is_described_and_the_throttle_holds(self):
        node = self.node()
        lies, target = self.slow_move(node)
        first = until(lambda: [row for row in node.described("slow")[1] if row[3] > 0],
                      "something is copied")[0]
        self.assertEqual(first[1], str(target))
        self.assertGreater(first[2], 0)
        self.assertEqual(node.described("slow")[0], {0: str(lies)})
        self.assertRegex(node.left("-future")[0].name, r"^slow-0\.[0-9a-f]{32}-future$")
        node.set("replica.alter.log.dirs.io.max.bytes.per.second", "0")
        held = node.described("slow")[1][0]
        node.set("replica.alter.log.dirs.io.max.bytes.per.second", None)
        self.assertLess(held[3], 3000 * 500)
        self.settle(node, "slow", {0: target})

    def test_a_move_is_sent_elsewhere_and_called_off(self):
        node = self.node()
        lies, target = self.slow_move(node)
        other = next(path for path in node.dirs if path not in (lies, target))
        self.assertEqual(node.move("slow", 0, other), 0)
        self.assertEqual([row[1] for row in node.described("slow")[1]], [str(other)])
        self.assertEqual(node.move("slow", 0, lies), 0)
        self.settle(node, "slow", {0: lies})
        # The topic goes while it moves: nothing stays.
        self.assertEqual(node.move("slow", 0, other), 0)
        answer = node.call("DeleteTopics", 6, {"Topics": [{"Name": "slow"}],
                                               "TimeoutMs": 30000})
        self.assertEqual(answer["Responses"][0]["ErrorCode"], 0)
        until(lambda: not node.left("-future") and not node.holders("slow", 0), "it is gone")
        # A move is in the way of nothing: a stop is clean, the next start goes on with it.
        lies, target = self.slow_move(node, "again")
        self.assertEqual(node.server.stop(), 0)
        node.server.start()
        node.set("replica.alter.log.dirs.io.max.bytes.per.second", None)
        self.settle(node, "again", {0: target})

    def test_refusals_and_the_directory_wanted_beforehand(self):
        node = self.node()
        self.assertEqual(node.move("later", 0, node.dirs[1]), 3)  # UNKNOWN_TOPIC_OR_PARTITION
        self.assertEqual(node.move("later", 0, "/nowhere"), 57)  # LOG_DIR_NOT_FOUND
        self.assertEqual(node.move("l" * 240, 0, node.dirs[1]), 17)  # INVALID_TOPIC_EXCEPTION
        node.set("cordoned.log.dirs", str(node.dirs[0]))
        self.assertEqual(node.move("later", 0, node.dirs[0]), 39)  # INVALID_REPLICA_ASSIGNMENT
        node.create("later")
        self.assertEqual(node.described("later")[0], {0: str(node.dirs[1])})
        node.create("spread", 8)
        found = sorted(node.described("spread")[0].values())
        self.assertEqual(set(found), {str(path) for path in node.dirs[1:]})
        node.set("cordoned.log.dirs", None)
        node.create("wide", 9)
        self.assertIn(str(node.dirs[0]), node.described("wide")[0].values())

    def test_where_all_directories_are_cordoned_only_an_assignment_makes_partitions(self):
        node = self.node()
        node.create("old")
        refusal = ("All brokers are currently fenced, or have all their log directories cordoned "
                   "(cordoned.log.dirs).")

        def created(topic, **more):
            answer = node.call("CreateTopics", 7, {"Topics": [
                {"Name": topic, "NumPartitions": 1, "ReplicationFactor": 1, "Configs": [], **more}],
                "timeoutMs": 30000})["Topics"][0]
            return answer["ErrorCode"], answer["ErrorMessage"]

        def extended(count, assignments=None):
            answer = node.call("CreatePartitions", 3, {"Topics": [
                {"Name": "old", "Count": count, "Assignments": assignments}],
                "TimeoutMs": 30000})["Results"][0]
            return answer["ErrorCode"], answer["ErrorMessage"]

        node.set("cordoned.log.dirs", "*")
        for _ in range(2):
            self.assertEqual(created("new"), (
                INVALID_REPLICATION_FACTOR,
                f"Unable to replicate the partition 1 time(s): {refusal}"))
            self.assertEqual(extended(2), (INVALID_REPLICATION_FACTOR, refusal))
            node.server.stop()
            node.server.start()
        assigned = {"NumPartitions": -1, "ReplicationFactor": -1,
                    "Assignments": [{"PartitionIndex": 0, "BrokerIds": [1]}]}
        self.assertEqual(created("assigned", **assigned)[0], 0)
        self.assertEqual(extended(2, [{"BrokerIds": [1]}])[0], 0)
        node.set("cordoned.log.dirs", ",".join(map(str, node.dirs[:2])))
        self.assertEqual(created("new")[0], 0)
        self.assertEqual(set(node.described("new")[0].values()), {str(node.dirs[2])})
        node.set("cordoned.log.dirs", None)
        self.assertEqual(extended(3)[0], 0)

    def test_our_reassignment_tool_moves_verifies_and_cancels(self):
        node = self.node()
        node.create("slow")
        self.fill(node, "slow")
        lies = Path(node.described("slow")[0][0])
        target = next(path for path in node.dirs if path != lies)
        plan = self.directory / "plan.json"
        plan.write_text(json.dumps({"version": 1, "partitions": [
            {"topic": "slow", "partition": 0, "replicas": [1], "log_dirs": [str(target)]}]}))
        flags = ("--reassignment-json-file", str(plan))
        out = node.tool("--execute", *flags, "--replica-alter-log-dirs-throttle", str(FAR_SLOWER))
        self.assertIn(f"The replica-alter-dir throttle limit was set to {FAR_SLOWER} B/s", out)
        self.assertIn(f"Successfully started moving log directory to {target} for replica slow-0 "
                      "with broker 1 ", out)
        self.assertIn("Reassignment of replica slow-0-1 is still in progress.",
                      node.tool("--verify", *flags))
        seen = subprocess.run(
            [BUILD / "odradek", "reassign", "verify", "--bootstrap-server", node.server.bootstrap,
             "--output", "json", *flags], text=True, capture_output=True, timeout=PATIENCE_S)
        self.assertEqual(json.loads(seen.stdout), [{
            "topic": "slow", "partition": 0, "status": "completed", "replicas": [1], "target": [1],
            "log_dirs": [{"broker": 1, "status": "in_progress", "current": str(lies),
                          "future": str(target), "target": str(target)}]}], seen.stderr)
        out = node.tool("--cancel", *flags)
        self.assertIn(f"Successfully started moving log directory to {lies} for replica slow-0",
                      out)
        self.settle(node, "slow", {0: lies})
        self.assertIn(f"Partition slow-0 on broker 1 is not being moved from log dir {lies} to "
                      f"{target}.", node.tool("--verify", *flags))
        node.tool("--execute", *flags)
        self.settle(node, "slow", {0: target})
        out = node.tool("--verify", *flags)
        self.assertIn("Reassignment of replica slow-0-1 completed successfully.", out)
        self.assertTrue(re.search("Clearing broker-level throttles on broker 1", out), out)


if __name__ == "__main__":
    print(f"seed {ARGUMENTS.seed}", flush=True)
    unittest.main(argv=[sys.argv[0], *REST])
