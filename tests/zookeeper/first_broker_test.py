#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A node that was on its own begins a cluster with what it has, whoever else is there first; where
it comes too late it refuses, and nothing is lost.
first_broker_test.py --server build/release/odradek"""

import argparse
import subprocess
import sys
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests/answers"), str(ROOT / "tests/clients")]
from chroot import Chroot  # noqa: E402
from harness import zookeeper  # noqa: E402

PATIENCE_S = 30


def properties(file):
    lines = file.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


class FirstBroker(unittest.TestCase):
    server = None

    def setUp(self):
        self.place = Chroot(self.server, self._testMethodName, self.addCleanup)
        self.looking = zookeeper.Session(zookeeper.shared().address)
        self.addCleanup(self.looking.close)

    def broker(self, number):
        """On its own."""
        broker = self.place.broker(number, auto_create_topics_enable="false")
        del broker.settings["zookeeper.connect"]
        return broker

    def join(self, broker):
        broker.settings["zookeeper.connect"] = self.place.connect
        return broker

    def run_tool(self, broker, tool, *arguments, text=None):
        return subprocess.run(
            [self.server, tool, "--bootstrap-server", broker.bootstrap, *arguments], input=text,
            capture_output=True, text=True, timeout=PATIENCE_S, check=True).stdout

    def node_with_data(self):
        node = self.broker(1).start()
        self.run_tool(node, "topics", "--create", "--topic", "kept", "--partitions", "1")
        self.run_tool(node, "produce", "--topic", "kept", text="one\ntwo\nthree\n")
        self.assertEqual(node.stop(), 0)
        return node, properties(node.data / "meta.properties")

    def ends_of(self, broker):
        return self.run_tool(broker, "offsets", "--topic", "kept").split()[-3:]

    def until(self, condition):
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def test_others_wait_for_who_founded_it(self):
        node, identity = self.node_with_data()
        origin = ('{"version":1,"broker":1,"directory_id":"%s"}' % identity["directory.id"])
        # As far as the node comes that is killed right after it has founded the cluster.
        for path, text in (("", ""), ("/odradek", '{"version":1}'),
                           ("/odradek/origin", origin), ("/cluster", ""),
                           ("/cluster/id", '{"version":"1","id":"%s"}' % identity["cluster.id"])):
            self.looking.create(self.place.name + path, text.encode())
        new = self.join(self.broker(2))
        new.start_without_waiting()
        self.until(lambda: self.looking.get(f"{self.place.name}/brokers/ids/2"))
        self.assertIn("waits until the broker of /odradek/origin", new.log.read_text())
        self.assertIsNone(self.looking.get(f"{self.place.name}/controller"))
        self.assertEqual(self.looking.children(f"{self.place.name}/odradek/changes"), [])
        self.join(node).start()
        self.until(lambda: "serves" in new.log.read_text())
        for broker in (node, new):
            self.assertEqual(self.ends_of(broker), ["kept", "0", "3"])
        self.assertIn(" 0 set aside", node.log.read_text())

    def test_the_metadata_of_another_beginning_is_refused(self):
        node, identity = self.node_with_data()
        new = self.join(self.broker(2))
        new.data.mkdir()
        # Formatted for the same cluster, and first.
        (new.data / "meta.properties").write_text(
            f"version=1\ncluster.id={identity['cluster.id']}\nnode.id=2\n")
        new.start()
        self.join(node).start_without_waiting()
        self.assertNotEqual(node.process.wait(PATIENCE_S), 0)
        self.assertIn("began with other metadata than what", node.log.read_text())
        # Nothing is lost.
        del node.settings["zookeeper.connect"]
        node.start()
        self.assertEqual(self.ends_of(node), ["kept", "0", "3"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    options, rest = parser.parse_known_args()
    FirstBroker.server = str(Path(options.server).resolve())
    unittest.main(argv=[sys.argv[0], *rest])
