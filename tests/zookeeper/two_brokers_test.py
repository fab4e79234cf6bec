#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two brokers of a cluster and who waits for whom: for a topic to be served, for records to be
deleted, for a place in ZooKeeper; and whose requests are refused by their epochs.
two_brokers_test.py --server build/release/odradek"""

import argparse
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests/answers"), str(ROOT / "tests/clients")]
from asking import ask, until  # noqa: E402
from batches import batch  # noqa: E402
from chroot import Chroot  # noqa: E402
from harness import zookeeper  # noqa: E402

PATIENCE_S = 60
NONE, OFFSET_OUT_OF_RANGE, NOT_LEADER_OR_FOLLOWER, REQUEST_TIMED_OUT = 0, 1, 6, 7
TOPIC_AUTHORIZATION_FAILED, INVALID_REPLICATION_FACTOR, INVALID_REPLICA_ASSIGNMENT = 29, 38, 39
NOT_CONTROLLER, FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH, STALE_BROKER_EPOCH = 41, 74, 75, 77
INVALID_UPDATE_VERSION = 95


class Wire:
    """Between one broker and ZooKeeper; cut, it loses everything and tells nobody."""

    def __init__(self, target):
        host, port = target.split(":")
        self.target = host, int(port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.is_cut = False
        self.pairs = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.target)
                self.pairs += [client, server]
                threading.Thread(target=self.carry, args=(client, server), daemon=True).start()

    def carry(self, client, server):
        other = {client: server, server: client}
        with contextlib.suppress(OSError, ValueError):
            while True:
                for ready in select.select(list(other), [], [])[0]:
                    data = ready.recv(1 << 16)
                    if not data:
                        raise OSError
                    if not self.is_cut:
                        other[ready].sendall(data)
        client.close()
        server.close()

    def cut(self):
        self.is_cut = True

    def heal(self):
        """What was on its way is lost, and so are the connections."""
        pairs, self.pairs = self.pairs, []
        for end in pairs:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self.is_cut = False

    def close(self):
        self.listener.close()
        self.heal()


class TwoBrokers(unittest.TestCase):
    server = None

    def setUp(self):
        self.place = Chroot(self.server, self._testMethodName, self.addCleanup)

    def broker(self, number, **settings):
        given = {"zookeeper_session_timeout_ms": "60000", "broker_session_timeout_ms": "60000"}
        return self.place.two_listeners(number, **given | settings)

    def pair(self, **settings):
        """The first one is the controller."""
        first, second = self.broker(1, **settings).start(), self.broker(2, **settings).start()
        until(lambda: self.live(first), lambda seen: seen == {1, 2})
        return first, second

    @staticmethod
    def live(broker):
        seen = ask(broker.port, "Metadata", 9, {"Topics": []})
        return {found["NodeId"] for found in seen["Brokers"]}

    def looking(self):
        session = zookeeper.Session(zookeeper.shared().address)
        self.addCleanup(session.close)
        return session

    @contextlib.contextmanager
    def paused(self, broker):
        os.kill(broker.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(broker.process.pid, signal.SIGCONT)

    @staticmethod
    def topic(broker, name):
        return ask(broker.port, "Metadata", 12, {"Topics": [
            {"TopicId": "0" * 32, "Name": name}], "AllowAutoTopicCreation": False})["Topics"][0]

    @staticmethod
    def create(broker, name, replicas=(1, 2), timeout_ms=30000):
        answer = ask(broker.port, "CreateTopics", 7, {"Topics": [
            {"Name": name, "NumPartitions": -1, "ReplicationFactor": -1,
             "Assignments": [{"PartitionIndex": 0, "BrokerIds": list(replicas)}]}],
            "timeoutMs": timeout_ms})
        return answer["Topics"][0]["ErrorCode"]

    @staticmethod
    def produce(broker, topic, count):
        answer = ask(broker.port, "Produce", 9, {"Acks": -1, "TimeoutMs": 30000, "TopicData": [
            {"Name": topic, "PartitionData": [
                {"Index": 0, "Records": batch([b"value"] * count)}]}]})
        assert answer["Responses"][0]["PartitionResponses"][0]["ErrorCode"] == NONE, answer

    @staticmethod
    def fetch(port, topic, offset, version=11, replica=-1, epoch=-1):
        answer = ask(port, "Fetch", version, {
            "ReplicaId": replica, "MaxWaitMs": 0, "MinBytes": 1, "MaxBytes": 1 << 20,
            "Topics": [{"Topic": topic, "Partitions": [
                {"Partition": 0, "CurrentLeaderEpoch": epoch, "FetchOffset": offset,
                 "PartitionMaxBytes": 1 << 20}]}]})
        return answer["Responses"][0]["Partitions"][0]

    # A topic is there once everybody serves it.

    def test_a_topic_that_somebody_does_not_serve_in_time(self):
        first, second = self.pair()
        with self.paused(second):
            begun = time.monotonic()
            self.assertEqual(self.create(first, "slow", timeout_ms=700), REQUEST_TIMED_OUT)
            self.assertGreater(time.monotonic() - begun, 0.6)
            self.assertEqual(self.topic(first, "slow")["ErrorCode"], NONE)
        self.assertEqual(self.create(second, "fast"), NONE)

    def test_a_topic_made_by_the_way_is_served_by_all(self):
        first, second = self.pair(default_replication_factor="1")
        for turn in range(10):
            for broker, other in ((first, second), (second, first)):
                name = f"{turn}-{broker.port}"
                made = ask(broker.port, "Metadata", 9, {
                    "Topics": [{"Name": name}], "AllowAutoTopicCreation": True})
                self.assertEqual(made["Topics"][0]["ErrorCode"], NONE)
                self.assertEqual(self.topic(other, name)["ErrorCode"], NONE)
        with self.paused(second):
            made = ask(first.port, "Metadata", 9, {
                "Topics": [{"Name": "without-it"}], "AllowAutoTopicCreation": True})
            self.assertEqual(made["Topics"][0]["ErrorCode"], NONE)

    # Records are deleted once every replica has deleted them.

    def delete(self, broker, topic, offset, timeout_ms=30000):
        answer = ask(broker.port, "DeleteRecords", 2, {"TimeoutMs": timeout_ms, "Topics": [
            {"Name": topic, "Partitions": [{"PartitionIndex": 0, "Offset": offset}]}]})
        found = answer["Topics"][0]["Partitions"][0]
        return found["ErrorCode"], found["LowWatermark"]

    def test_records_are_deleted_everywhere(self):
        first, second = self.pair()
        self.create(first, "topic")
        self.produce(first, "topic", 10)
        for offset in (4, 4, 7):
            self.assertEqual(self.delete(first, "topic", offset), (NONE, offset))
            # What the follower says to a consumer, who may read from it.
            seen = self.fetch(second.port, "topic", offset - 1)
            self.assertEqual(seen["ErrorCode"], OFFSET_OUT_OF_RANGE)
            seen = self.fetch(second.port, "topic", offset)
            self.assertEqual((seen["ErrorCode"], seen["LogStartOffset"]), (NONE, offset))
        self.assertEqual(self.delete(second, "topic", 8)[0], NOT_LEADER_OR_FOLLOWER)
        self.assertEqual(self.delete(first, "topic", 11)[0], OFFSET_OUT_OF_RANGE)
        with self.paused(second):
            self.assertEqual(self.delete(first, "topic", 9, timeout_ms=700),
                             (REQUEST_TIMED_OUT, 7))
        self.assertEqual(self.delete(first, "topic", -1), (NONE, 10))

    # A consumer may read from a follower.

    def test_a_follower_answers_consumers(self):
        first, second = self.pair(broker_session_timeout_ms="60000")
        self.create(first, "topic")
        self.produce(first, "topic", 10)
        seen = until(lambda: self.fetch(second.port, "topic", 0),
                     lambda found: found["HighWatermark"] == 10)
        self.assertEqual(seen["ErrorCode"], NONE)
        self.assertEqual(seen["Records"], self.fetch(first.port, "topic", 0)["Records"])
        self.assertEqual(self.fetch(second.port, "topic", 10)["ErrorCode"], NONE)
        self.assertEqual(self.fetch(second.port, "topic", 11)["ErrorCode"], OFFSET_OUT_OF_RANGE)
        self.assertEqual(self.fetch(second.port, "topic", 0, version=10)["ErrorCode"],
                         NOT_LEADER_OR_FOLLOWER, "such a client knows nothing of followers")
        self.assertEqual(self.fetch(second.port, "topic", 0, epoch=7)["ErrorCode"],
                         UNKNOWN_LEADER_EPOCH)

    # Whose word counts.

    def test_followers_fetches_come_over_the_inner_listener(self):
        first, _ = self.pair()
        self.create(first, "topic")
        epoch = self.topic(first, "topic")["Partitions"][0]["LeaderEpoch"]
        for port, expected in ((first.port, TOPIC_AUTHORIZATION_FAILED), (first.inner, NONE)):
            seen = self.fetch(port, "topic", 0, replica=2, epoch=epoch)
            self.assertEqual(seen["ErrorCode"], expected)
        self.assertEqual(self.fetch(first.inner, "topic", 0, replica=2, epoch=epoch + 1)
                         ["ErrorCode"], UNKNOWN_LEADER_EPOCH)

    def alter(self, broker, topic, **other):
        found = self.topic(broker, topic)
        values = {"broker": 1, "broker_epoch": self.first_epoch,
                  "leader_epoch": found["Partitions"][0]["LeaderEpoch"], "partition_epoch": 0,
                  **other}
        answer = ask(broker.inner, "AlterPartition", 3, {
            "BrokerId": values["broker"], "BrokerEpoch": values["broker_epoch"], "Topics": [
                {"TopicId": found["TopicId"], "Partitions": [
                    {"PartitionIndex": 0, "LeaderEpoch": values["leader_epoch"],
                     "NewIsrWithEpochs": [{"BrokerId": 1, "BrokerEpoch": -1}],
                     "PartitionEpoch": values["partition_epoch"]}]}]})
        return answer["ErrorCode"] or answer["Topics"][0]["Partitions"][0]["ErrorCode"]

    def epoch_of_first(self, controller):
        """As the controller's log has it."""
        said = controller.log.read_text()
        return int(said.split("controller: broker 1 (epoch ")[1].split(")")[0])

    def test_old_leaders_and_controllers_are_refused(self):
        first, second = self.pair()
        self.first_epoch = self.epoch_of_first(first)
        self.create(first, "topic")
        epoch = self.topic(first, "topic")["Partitions"][0]["LeaderEpoch"]
        self.assertEqual(self.alter(first, "topic", leader_epoch=epoch - 1), FENCED_LEADER_EPOCH)
        self.assertEqual(self.alter(first, "topic", partition_epoch=-1), INVALID_UPDATE_VERSION)
        self.assertEqual(self.alter(first, "topic", broker_epoch=0), STALE_BROKER_EPOCH)
        self.assertEqual(self.alter(second, "topic", broker_epoch=0), NOT_CONTROLLER)
        # Another one leads, and another one is the controller.
        first.kill()
        led = until(lambda: self.topic(second, "topic")["Partitions"][0],
                    lambda found: found["LeaderId"] == 2)
        self.assertGreater(led["LeaderEpoch"], epoch)
        self.assertEqual(self.fetch(second.port, "topic", 0, epoch=epoch)["ErrorCode"],
                         FENCED_LEADER_EPOCH)

    def test_what_cannot_be_placed(self):
        first, second = self.pair()
        for broker in (first, second):
            wanted = ask(broker.port, "CreateTopics", 7, {"Topics": [
                {"Name": "wide", "NumPartitions": 1, "ReplicationFactor": 3}], "timeoutMs": 9000})
            self.assertEqual(wanted["Topics"][0]["ErrorCode"], INVALID_REPLICATION_FACTOR)
            self.assertIn("only 2 broker(s) are registered", wanted["Topics"][0]["ErrorMessage"])
            for replicas in ((1, 7), (1, 1)):
                self.assertEqual(self.create(broker, "topic", replicas),
                                 INVALID_REPLICA_ASSIGNMENT, replicas)

    # A place in ZooKeeper.

    def test_a_registration_that_somebody_removed(self):
        first, second = self.pair()
        node = f"{self.place.name}/brokers/ids/2"
        self.looking().delete(node)
        until(lambda: self.looking().get(node), bool)
        self.assertIn("somebody removed /brokers/ids/2", second.log.read_text())
        self.create(first, "topic")
        self.produce(first, "topic", 1)
        until(lambda: self.topic(first, "topic")["Partitions"][0]["IsrNodes"],
              lambda in_sync: sorted(in_sync) == [1, 2])

    def test_a_session_that_ended(self):
        """Nothing passes between a leader and ZooKeeper until its session is over: it reports
        to the controller and goes on leading, is registered anew and stays in sync."""
        wire = Wire(zookeeper.shared().address)
        self.addCleanup(wire.close)
        first = self.broker(1).start()
        second = self.broker(2, zookeeper_connect=wire.address + self.place.name,
                             zookeeper_session_timeout_ms="2000").start()
        until(lambda: self.live(first), lambda seen: seen == {1, 2})
        self.create(first, "topic", (2, 1))
        node = f"{self.place.name}/brokers/ids/2"
        before = self.looking().owner(node)
        wire.cut()
        until(lambda: self.looking().owner(node), lambda owner: owner is None)
        self.produce(second, "topic", 5)
        wire.heal()
        after = until(lambda: self.looking().owner(node), bool)
        self.assertNotEqual(before, after)
        until(lambda: second.log.read_text(), lambda said: "this broker registers anew" in said)
        self.produce(self.leader(first, "topic", (first, second)), "topic", 5)
        until(lambda: self.topic(first, "topic")["Partitions"][0]["IsrNodes"],
              lambda in_sync: sorted(in_sync) == [1, 2])

    def leader(self, broker, topic, brokers):
        found = until(lambda: self.topic(broker, topic)["Partitions"][0]["LeaderId"],
                      lambda number: number > 0)
        return brokers[found - 1]

    def test_a_group_in_zookeeper_beside_access_lists(self):
        """The console consumer has no credentials, and keeps its offsets in the broker's tree."""
        broker = self.broker(1, zookeeper_set_acl="true",
                             zookeeper_digest_credentials="kafka:secret")
        broker.settings |= {"listeners": f"PLAINTEXT://{broker.bootstrap}"}
        for key in ("listener.security.protocol.map", "inter.broker.listener.name"):
            del broker.settings[key]
        broker.start()
        until(lambda: self.create(broker, "topic", [1]), lambda code: code == NONE)
        self.produce(broker, "topic", 3)
        connect = self.place.connect
        done = subprocess.run(
            [self.server, "consume", "--zookeeper", connect, "--topic", "topic", "--group", "old",
             "--from-beginning", "--max-messages", "3"],
            capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, "value\n" * 3), done.stderr)
        looking = self.looking()
        looking.authenticate("kafka:secret")
        self.assertEqual(looking.get(f"{self.place.name}/consumers/old/offsets/topic/0"), b"3")
        self.assertEqual(looking.schemes(f"{self.place.name}/consumers"), ["world:anyone"])
        self.assertEqual(looking.schemes(f"{self.place.name}/brokers/topics"),
                         sorted([zookeeper.digest_identity("kafka:secret"), "world:anyone"]))

    # What others are told.

    def test_a_listener_without_a_host_is_this_machine_s_name(self):
        broker = self.broker(1)
        broker.settings |= {"listeners": f"PLAINTEXT://:{broker.port}"}
        for key in ("listener.security.protocol.map", "inter.broker.listener.name"):
            del broker.settings[key]
        broker.start()
        name = socket.getaddrinfo(socket.gethostname(), None, flags=socket.AI_CANONNAME)[0][3]
        endpoints = json.loads(self.looking().get(f"{self.place.name}/brokers/ids/1"))["endpoints"]
        self.assertEqual(endpoints, [f"PLAINTEXT://{name}:{broker.port}"])
        told = until(lambda: ask(broker.port, "Metadata", 9, {"Topics": []})["Brokers"], bool)
        self.assertEqual((told[0]["Host"], told[0]["Port"]), (name, broker.port))

    def test_every_address_is_no_address(self):
        broker = self.broker(1)
        broker.settings["listeners"] = f"OUTER://0.0.0.0:{broker.port},INNER://127.0.0.1:0"
        words = "cannot use the nonroutable meta-address 0.0.0.0"
        broker.start_without_waiting()
        self.assertNotEqual(broker.process.wait(PATIENCE_S), 0)
        self.assertIn(words, broker.log.read_text())
        file = self.place.directory / "server.properties"
        file.write_text("".join(f"{key}={value}\n" for key, value in broker.settings.items()))
        checked = subprocess.run([self.server, "check-config", str(file)], capture_output=True,
                                 text=True, check=False)
        self.assertNotEqual(checked.returncode, 0)
        self.assertIn(words, checked.stdout + checked.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    options, rest = parser.parse_known_args()
    TwoBrokers.server = str(Path(options.server).resolve())
    unittest.main(argv=[sys.argv[0], *rest])
