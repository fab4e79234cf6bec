#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Three brokers of a cluster, and what `odradek why` knows of them; topics are served everywhere
once they are created. why_test.py --server build/release/odradek"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import unittest
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests/answers"), str(ROOT / "tests/clients")]
from asking import ask, until  # noqa: E402
from chroot import Chroot  # noqa: E402

NONE = 0
INVALID_REQUEST = 42
EVENTS = 100  # a resource type of DescribeConfigs
LINE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\s+\S")


class Why(unittest.TestCase):
    server = None

    @classmethod
    def setUpClass(cls):
        cls.place = Chroot(cls.server, "why", cls.addClassCleanup)
        cls.brokers = cls.place.start_three(offsets_topic_num_partitions=1)

    @classmethod
    def metadata(cls, number, topics=()):
        return ask(cls.brokers[number].port, "Metadata", 9,
                   {"Topics": [{"Name": name} for name in topics],
                    "AllowAutoTopicCreation": False})

    def create(self, name, replicas):
        answer = ask(self.brokers[replicas[-1]].port, "CreateTopics", 7, {"Topics": [
            {"Name": name, "NumPartitions": -1, "ReplicationFactor": -1,
             "Assignments": [{"PartitionIndex": 0, "BrokerIds": replicas}]}], "timeoutMs": 30000})
        self.assertEqual(answer["Topics"][0]["ErrorCode"], NONE, answer)

    def leader(self, number, topic):
        found = self.metadata(number, [topic])["Topics"][0]
        return found["Partitions"][0]["LeaderId"] if found["ErrorCode"] == NONE else None

    def why(self, *words, servers=True):
        alive = next(broker for broker in self.brokers.values() if broker.running())
        line = [self.server, "why", *words]
        if servers:
            line += ["--bootstrap-server", alive.bootstrap]
        done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def test_1_a_topic_is_served_everywhere_once_it_is_created(self):
        for i in range(20):
            self.create(f"everywhere-{i}", [1 + i % 3])
            self.assertEqual([self.leader(number, f"everywhere-{i}") for number in (1, 2, 3)],
                             [1 + i % 3] * 3)

    def test_2_what_nobody_decided_anything_about(self):
        said = self.why("topic", "missing").stdout
        self.assertEqual(said.strip(), "Nothing is known of topic missing: no decision about it is "
                                       "kept by broker 1, broker 2, broker 3.")
        self.assertEqual(json.loads(self.why("topic", "missing", "--output", "json").stdout), [])

    def test_3_the_end_of_a_leader(self):
        self.create("orders", [3, 1, 2])
        self.create("__consumer_offsets", [3, 1, 2])
        killed = self.brokers[3]
        killed.kill()
        until(lambda: self.leader(1, "orders"), lambda leader: leader == 1)
        until(lambda: self.leader(1, "__consumer_offsets"), lambda leader: leader == 1)
        said = self.why("topic", "orders")
        self.assertIn("orders-0: leader 1 (was 3) in epoch", said.stdout)
        self.assertIn("because broker 3", said.stdout)
        self.assertIn("broker 3 ", said.stderr, "what it decided is missing, without a word")
        lines = said.stdout.splitlines()[1:]
        self.assertTrue(all(LINE.match(line) for line in lines), lines)
        self.assertEqual(lines, sorted(lines))
        self.assertIn("broker 3 (epoch", self.why("broker", "3").stdout)
        self.assertIn("fenced, because broker 3", self.why("broker", "3").stdout)
        for name in ("billing", "näh"):
            self.assertIn("the groups of __consumer_offsets-0 moved from broker 3 to broker 1",
                          self.why("group", name).stdout)
        # A name may be of any of them.
        self.assertIn("orders-0: leader 1", self.why("orders").stdout)
        first = json.loads(self.why("topic", "orders", "--output", "json").stdout)[0]
        self.assertEqual(sorted(first), ["controller", "event", "reason", "time"])

    def test_4_counted_by_cause(self):
        pages = self.pages()
        found = re.findall(r'odradek_controller_fences_total{reason="(\w+)"} (\d+)', pages)
        self.assertIn(True, [count != "0" and reason in ("connection_refused", "session_expired")
                             for reason, count in found])

    def pages(self):
        """Of all brokers that run, one after the other."""
        pages = ""
        for broker in self.brokers.values():
            if broker.running():
                with urllib.request.urlopen(f"http://127.0.0.1:{broker.metrics}/metrics",
                                            timeout=10) as answer:
                    pages += answer.read().decode()
        return pages

    def total(self, name):
        """Of the cluster: what the brokers measure together."""
        return sum(map(float, re.findall(rf"^{name} (\S+)$", self.pages(), re.MULTILINE)))

    def test_4_the_cluster_is_counted_by_its_controller(self):
        controller = "kafka_controller_kafkacontroller_"
        self.assertEqual(self.total(f"{controller}activecontrollercount"), 1)
        self.assertEqual(self.total(f"{controller}activebrokercount"), 2)
        self.assertEqual(self.total(f"{controller}fencedbrokercount"), 1)
        self.create("alone", [2])
        with_it = self.total(f"{controller}globalpartitioncount")
        self.assertGreater(with_it, 20)
        self.assertEqual(self.total(f"{controller}globaltopiccount"), with_it)
        # Those that broker 3 alone has.
        self.assertGreater(self.total(f"{controller}offlinepartitionscount"), 0)
        self.assertGreaterEqual(self.total(f"{controller}preferredreplicaimbalancecount"), 2)
        self.assertGreater(self.total("kafka_server_replicamanager_underreplicatedpartitions"), 0)
        self.assertGreater(self.total("kafka_server_replicamanager_atminisrpartitioncount"), 0)

    def test_5_another_run_and_the_files_know_it_too(self):
        self.brokers[3].start()
        for number in (1, 2, 3):
            self.brokers[number].stop()
        directories = [word for broker in self.brokers.values()
                       for word in ("--directory", str(broker.data))]
        line = [self.server, "why", "topic", "orders", *directories]
        of_files = subprocess.run(line, capture_output=True, text=True, timeout=60, check=True)
        self.assertIn("orders-0: leader 1 (was 3)", of_files.stdout)
        for number in (1, 2, 3):
            self.brokers[number].start_without_waiting()
        for number in (1, 2, 3):
            until(lambda port=self.brokers[number].port: self.answered(port), bool)
        until(lambda: self.metadata(1)["Brokers"], lambda seen: len(seen) == 3)
        self.assertIn("orders-0: leader 1 (was 3)", self.why("topic", "orders").stdout)

    @staticmethod
    def answered(port):
        try:
            return ask(port, "Metadata", 9, {"Topics": []})
        except OSError:
            return None

    def test_6_who_could_not_be_asked_is_named(self):
        hasty = self.place.directory / "hasty.properties"
        hasty.write_text("default.api.timeout.ms=2000\n")
        os.kill(self.brokers[2].process.pid, signal.SIGSTOP)
        try:
            said = self.why("topic", "orders", "--command-config", str(hasty))
        finally:
            os.kill(self.brokers[2].process.pid, signal.SIGCONT)
        self.assertIn("broker 2 did not say what it decided: ", said.stderr)
        self.assertIn("orders-0: leader 1 (was 3)", said.stdout)
        until(lambda: self.metadata(1)["Brokers"], lambda seen: len(seen) == 3)

    def test_8_a_decision_that_was_seen_is_told(self):
        """By whoever saw it, on whatever broker, at once."""
        for i in range(20):
            topic = f"seen-{i}"
            self.create(topic, [2])
            mover = threading.Thread(target=self.move, args=(topic, [3]))
            mover.start()
            deadline = time.monotonic() + 30
            while self.leader(1 + i % 3, topic) != 3 and time.monotonic() < deadline:
                pass
            told = self.events(f"topic={topic}")
            mover.join()
            self.assertTrue([line for line in told if "leader 3 (was 2)" in line], told)

    def move(self, topic, replicas):
        answer = ask(self.brokers[1].port, "AlterPartitionReassignments", 0, {
            "TimeoutMs": 10000, "Topics": [{"Name": topic, "Partitions": [
                {"PartitionIndex": 0, "Replicas": replicas}]}]})
        self.assertEqual(answer["ErrorCode"], NONE, answer)

    def events(self, query):
        """Of all brokers, without the time that a command takes to start."""
        found = []
        for broker in self.brokers.values():
            answer = ask(broker.port, "DescribeConfigs", 4, {"Resources": [
                {"ResourceType": EVENTS, "ResourceName": query, "ConfigurationKeys": None}]})
            result = answer["Results"][0]
            self.assertEqual(result["ErrorCode"], NONE, result)
            found += [entry["Value"] for entry in result["Configs"]]
        return found

    def test_9_what_is_no_query_is_refused(self):
        answer = ask(self.brokers[1].port, "DescribeConfigs", 4, {"Resources": [
            {"ResourceType": EVENTS, "ResourceName": "colour=red", "ConfigurationKeys": None}]})
        self.assertEqual(answer["Results"][0]["ErrorCode"], INVALID_REQUEST)

    def test_7_a_broker_that_runs_and_is_unregistered_comes_back(self):
        answer = ask(self.brokers[1].port, "UnregisterBroker", 0, {"BrokerId": 3})
        self.assertEqual(answer["ErrorCode"], NONE, answer)
        until(lambda: self.why("broker", "3").stdout,
              lambda said: "unregistered" in said and "broker 3 is new" in said)
        until(lambda: self.metadata(1)["Brokers"], lambda seen: len(seen) == 3)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True, type=Path)
    options, rest = parser.parse_known_args()
    Why.server = options.server.resolve()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)


if __name__ == "__main__":
    main()
