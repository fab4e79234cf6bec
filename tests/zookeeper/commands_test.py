#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""--zookeeper of the commands: they find the brokers in a real ZooKeeper, and the consumer keeps
its group there. The server is one whose registration the test writes.

commands_test.py --bin build/release/bin
"""

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests/clients"), str(ROOT / "tests/cluster")]
from ensemble import Client, Ensemble, NoNode  # noqa: E402
from harness.servers import Odradek, free_port  # noqa: E402

PATIENCE_S = 60
CHROOT = "/clusters/one"


class Place:
    """ZooKeeper and a server, for all tests of the run."""

    def __init__(self, directory, commands):
        self.commands = commands
        self.port = free_port()
        self.ensemble = Ensemble(directory, [("127.0.0.1", self.port, ())])
        self.ensemble.start()
        self.server = Odradek(directory / "server", binary=commands / "../odradek")
        self.server.start()
        registration = {
            "features": {}, "listener_security_protocol_map": {"INNER": "PLAINTEXT", "OUT": "SSL"},
            "endpoints": ["OUT://nowhere.invalid:9", f"INNER://{self.server.bootstrap}"],
            "jmx_port": -1, "port": -1, "host": None, "version": 5, "timestamp": "1",
        }
        with Client("127.0.0.1", self.port) as zookeeper:
            zookeeper.create(f"{CHROOT}/brokers/ids/1", json.dumps(registration))
            zookeeper.create("/empty/brokers/ids")
            zookeeper.create("/secure/brokers/ids/1",
                             '{"listener_security_protocol_map":{"OUT":"SSL"},'
                             '"endpoints":["OUT://nowhere.invalid:9"],"version":5}')

    def stop(self):
        self.server.kill()
        self.ensemble.stop()

    def connect(self, chroot=CHROOT):
        return self.ensemble.connect + chroot

    def start(self, command, *arguments, **streams):
        return subprocess.Popen([self.commands / command, *arguments], text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, **streams)

    def run(self, command, *arguments, stdin="", chroot=CHROOT):
        process = self.start(command, "--zookeeper", self.connect(chroot), *arguments)
        out, errors = process.communicate(stdin, PATIENCE_S)
        return process.returncode, out, errors

    def produce(self, topic, lines):
        process = self.start("kafka-console-producer", "--bootstrap-server", self.server.bootstrap,
                             "--topic", topic)
        process.communicate("".join(f"{line}\n" for line in lines), PATIENCE_S)
        assert process.returncode == 0


class CommandsTest(unittest.TestCase):
    place = None

    def topics(self, *arguments, **more):
        return self.place.run("kafka-topics", *arguments, **more)

    def consume(self, *arguments):
        code, out, errors = self.place.run("kafka-console-consumer", *arguments)
        self.assertEqual(code, 0, errors)
        return out.split()

    def create(self, topic, partitions=1):
        code, out, _ = self.topics("--create", "--topic", topic, "--partitions", str(partitions),
                                   "--replication-factor", "1")
        self.assertEqual((code, out), (0, f"Created topic {topic}.\n"))

    def node(self, path):
        """Its text, or None."""
        with Client("127.0.0.1", self.place.port) as zookeeper, contextlib.suppress(NoNode):
            return zookeeper.get(CHROOT + path)
        return None

    def children(self, path):
        with Client("127.0.0.1", self.place.port) as zookeeper, contextlib.suppress(NoNode):
            return zookeeper.children(CHROOT + path)
        return None

    def until(self, condition):
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def test_topics_as_the_old_tool(self):
        self.create("first", 2)
        code, out, _ = self.topics("--list")
        self.assertIn("first\n", out)
        _, out, _ = self.topics("--describe", "--topic", "first")
        self.assertIn("Topic: first\t", out)
        self.assertIn("PartitionCount: 2", out)
        _, out, _ = self.topics("--alter", "--topic", "first", "--partitions", "3")
        self.assertIn("Adding partitions succeeded!\n", out)
        _, out, _ = self.topics("--alter", "--topic", "first", "--config", "retention.ms=5000")
        self.assertIn("Updated config for topic first.\n", out)
        _, out, _ = self.topics("--describe", "--topic", "first")
        self.assertIn("PartitionCount: 3", out)
        self.assertIn("retention.ms=5000", out)
        self.topics("--alter", "--topic", "first", "--delete-config", "retention.ms")
        _, out, _ = self.topics("--describe", "--topic", "first")
        self.assertNotIn("retention.ms=5000", out)
        code, out, _ = self.topics("--delete", "--topic", "first", "--force")
        self.assertEqual((code, out), (0, "Topic first is marked for deletion.\n"))
        _, out, _ = self.topics("--list")
        self.assertNotIn("first\n", out)

    def test_what_is_not_there_is_named(self):
        for chroot, words in (("/empty", "No broker is registered"), ("/secure", "PLAINTEXT"),
                              ("/nowhere", "has no /nowhere")):
            code, out, errors = self.topics("--list", chroot=chroot)
            self.assertEqual(code, 1)
            self.assertIn(words, out + errors)
        with Client("127.0.0.1", self.place.port) as zookeeper:
            self.assertFalse(zookeeper.exists("/nowhere"))
        code, out, errors = self.topics("--list", "--bootstrap-server", "127.0.0.1:1")
        self.assertEqual(code, 1)
        self.assertIn("Only one of --bootstrap-server or --zookeeper", out + errors)

    def test_the_consumer_goes_on_where_its_group_was(self):
        self.create("orders")
        self.place.produce("orders", range(10))
        first = self.consume("--topic", "orders", "--group", "billing", "--from-beginning",
                             "--max-messages", "4")
        self.assertEqual(first, ["0", "1", "2", "3"])
        self.assertEqual(self.node("/consumers/billing/offsets/orders/0"), "4")
        self.assertEqual(self.children("/consumers/billing/ids"), [])
        self.assertEqual(self.children("/consumers/billing/owners/orders"), [])
        rest = self.consume("--topic", "orders", "--group", "billing", "--max-messages", "6")
        self.assertEqual(rest, ["4", "5", "6", "7", "8", "9"])
        self.assertEqual(self.node("/consumers/billing/offsets/orders/0"), "10")
        code, _, errors = self.place.run("kafka-console-consumer", "--topic", "orders", "--group",
                                         "billing", "--from-beginning")
        self.assertEqual(code, 1)
        self.assertIn("Found previous offset information for this group billing", errors)
        again = self.consume("--topic", "orders", "--group", "billing", "--from-beginning",
                             "--delete-consumer-offsets", "--max-messages", "2")
        self.assertEqual(again, ["0", "1"])
        self.assertEqual(self.node("/consumers/billing/offsets/orders/0"), "2")

    def test_a_consumer_without_a_group_leaves_nothing(self):
        self.create("plain")
        self.place.produce("plain", ["a", "b"])
        before = self.children("/consumers") or []
        shown = self.consume("--topic", "plain", "--from-beginning", "--max-messages", "2")
        self.assertEqual(shown, ["a", "b"])
        self.assertEqual(self.children("/consumers") or [], before)

    def test_two_share_the_partitions_of_a_topic(self):
        self.create("shared", 4)
        lines = {"one": [], "two": []}
        consumers = {}
        owners = "/consumers/pair/owners/shared"

        def read(name):
            for line in consumers[name].stdout:
                lines[name].append(line.strip())

        def begin(name):
            consumers[name] = self.place.start(
                "kafka-console-consumer", "--zookeeper", self.place.connect(), "--topic", "shared",
                "--group", "pair", "--command-property", "auto.offset.reset=smallest")
            threading.Thread(target=read, args=[name], daemon=True).start()

        def readers():
            partitions = self.children(owners) or []
            found = [self.node(f"{owners}/{partition}") for partition in partitions]
            return sorted(map(found.count, set(found) - {None}))

        begin("one")
        self.until(lambda: readers() == [4])
        self.place.produce("shared", range(100))
        self.until(lambda: len(lines["one"]) == 100)
        begin("two")
        self.until(lambda: readers() == [2, 2])
        self.place.produce("shared", range(100, 300))
        self.until(lambda: len(lines["one"]) + len(lines["two"]) == 300)
        # One goes as it should, with what it has read; the other takes all of it over.
        consumers["one"].terminate()
        consumers["one"].wait(PATIENCE_S)
        self.until(lambda: readers() == [4])
        self.place.produce("shared", range(300, 400))
        self.until(lambda: len(lines["one"]) + len(lines["two"]) == 400)
        consumers["two"].terminate()
        consumers["two"].wait(PATIENCE_S)
        self.assertEqual(sorted(map(int, lines["one"] + lines["two"])), list(range(400)))
        kept = [int(self.node(f"/consumers/pair/offsets/shared/{p}") or 0) for p in range(4)]
        self.assertEqual(sum(kept), 400)
        for consumer in consumers.values():
            for stream in (consumer.stdin, consumer.stdout, consumer.stderr):
                stream.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--bin", type=Path, default=ROOT / "build/release/bin")
    options, rest = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="odradek-zookeeper-commands-") as directory:
        CommandsTest.place = Place(Path(directory), options.bin.absolute())
        try:
            unittest.main(argv=[sys.argv[0], *rest], verbosity=2, exit=False)
        finally:
            CommandsTest.place.stop()


if __name__ == "__main__":
    main()
