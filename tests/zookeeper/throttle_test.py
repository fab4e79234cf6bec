#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Three brokers of a cluster, and moves of replicas that are held to a rate.
throttle_test.py --server build/release/odradek"""

import argparse
import json
import re
import subprocess
import sys
import time
import unittest
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests/answers"), str(ROOT / "tests/clients")]
from asking import ask, until  # noqa: E402
from batches import batch  # noqa: E402
from chroot import Chroot  # noqa: E402

NONE = 0
TOPIC, BROKER = 2, 4
BATCH_BYTES = 100_000
BATCHES = 40
RATE = 1_000_000
# One window's worth goes at once, and what is sent last is not waited for.
LEAST_S = BATCHES * BATCH_BYTES / RATE - 1.5


class Throttle(unittest.TestCase):
    server = None

    @classmethod
    def setUpClass(cls):
        cls.place = Chroot(cls.server, "throttle", cls.addClassCleanup)
        cls.brokers = cls.place.start_three()

    @classmethod
    def ask(cls, number, api, version, values):
        return ask(cls.brokers[number].port, api, version, values)

    def partition(self, topic):
        answer = self.ask(1, "Metadata", 9, {"Topics": [{"Name": topic}],
                                             "AllowAutoTopicCreation": False})
        return answer["Topics"][0]["Partitions"][0]

    def fill(self, topic, replicas):
        answer = self.ask(1, "CreateTopics", 7, {"Topics": [
            {"Name": topic, "NumPartitions": -1, "ReplicationFactor": -1,
             "Assignments": [{"PartitionIndex": 0, "BrokerIds": replicas}]}], "timeoutMs": 30000})
        self.assertEqual(answer["Topics"][0]["ErrorCode"], NONE, answer)
        for _ in range(BATCHES):
            self.produce(topic, b"v" * BATCH_BYTES)

    def produce(self, topic, value=b"value"):
        """On all that are in sync."""
        answer = self.ask(self.partition(topic)["LeaderId"], "Produce", 9, {
            "Acks": -1, "TimeoutMs": 30000, "TopicData": [
                {"Name": topic, "PartitionData": [{"Index": 0, "Records": batch((value,))}]}]})
        code = answer["Responses"][0]["PartitionResponses"][0]["ErrorCode"]
        self.assertEqual(code, NONE)

    def reassign(self, topic, replicas, *words):
        path = self.place.directory / "move.json"
        path.write_text(json.dumps({"version": 1, "partitions": [
            {"topic": topic, "partition": 0, "replicas": replicas}]}))
        done = subprocess.run(
            [self.server.parent / "bin/kafka-reassign-partitions", "--bootstrap-server",
             self.brokers[1].bootstrap, "--reassignment-json-file", path, *words],
            capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def until_moved(self, topic, replicas):
        until(lambda: self.partition(topic), lambda found: found["ReplicaNodes"] == replicas
              and sorted(found["IsrNodes"]) == sorted(replicas))

    def metric(self, number, name):
        url = f"http://127.0.0.1:{self.brokers[number].metrics}/metrics"
        with urllib.request.urlopen(url, timeout=10) as answer:
            page = answer.read().decode()
        return float(re.search(rf"^{name}(?:{{[^}}]*}})? (\S+)$", page, re.MULTILINE).group(1))

    def configured(self, kind, name, key):
        answer = self.ask(int(name) if kind == BROKER else 1, "DescribeConfigs", 4, {"Resources": [
            {"ResourceType": kind, "ResourceName": name, "ConfigurationKeys": [key]}]})
        configs = answer["Results"][0]["Configs"]
        return configs[0]["Value"] if configs else None

    def test_1_a_move_takes_as_long_as_its_throttle_says(self):
        self.fill("moved", [1, 2])
        begin = time.monotonic()
        self.reassign("moved", [1, 3], "--execute", "--throttle", str(RATE))
        until(lambda: self.metric(3, "kafka_server_replicafetchermanager_maxlag"), bool)
        until(lambda: self.metric(1, "kafka_server_leaderreplication_byte_rate"), bool)
        until(lambda: self.metric(3, "kafka_server_followerreplication_byte_rate"), bool)
        # Who is in sync is not held back, and so nor is who writes.
        slowest = 0.0
        while time.monotonic() - begin < LEAST_S / 2:
            asked = time.monotonic()
            self.produce("moved")
            slowest = max(slowest, time.monotonic() - asked)
        self.assertEqual(sorted(self.partition("moved")["IsrNodes"]), [1, 2])
        self.assertLess(slowest, 1)
        self.until_moved("moved", [1, 3])
        self.assertGreater(time.monotonic() - begin, LEAST_S)
        self.assertEqual(self.metric(3, "kafka_server_replicafetchermanager_maxlag"), 0)

    def test_2_the_end_of_a_move_lifts_it(self):
        self.assertEqual(self.configured(BROKER, "3", "follower.replication.throttled.rate"),
                         str(RATE))
        self.assertIn("is completed", self.reassign("moved", [1, 3], "--verify"))
        for number in ("1", "2", "3"):
            for side in ("leader", "follower"):
                self.assertIsNone(self.configured(BROKER, number,
                                                  f"{side}.replication.throttled.rate"))
        self.assertEqual(self.configured(TOPIC, "moved", "leader.replication.throttled.replicas"),
                         "")

    def test_3_a_throttle_can_be_lifted_while_it_holds(self):
        self.fill("lifted", [2])
        self.reassign("lifted", [3], "--execute", "--throttle", "1")
        until(lambda: self.metric(3, "kafka_server_replicafetchermanager_maxlag"), bool)
        self.assertEqual(self.partition("lifted")["IsrNodes"], [2])
        self.reassign("lifted", [3], "--execute", "--additional", "--throttle", "100000000")
        self.until_moved("lifted", [3])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True, type=Path)
    options, rest = parser.parse_known_args()
    Throttle.server = options.server.resolve()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)


if __name__ == "__main__":
    main()
