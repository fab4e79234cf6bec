#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a server finds when it starts again. Usage: restart_test.py <build directory>"""

import contextlib
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "clients"))
from harness.servers import Odradek  # noqa: E402

BUILD = Path(sys.argv.pop(1)).resolve()
TIMEOUT_S = 30


class Node:
    """One data directory, and the server on it from time to time."""

    def __init__(self, directory):
        self.server = Odradek(directory, {"node.id": "1"}, BUILD / "odradek", defaults={})
        self.directory = self.server.directory
        self.data = self.server.data
        self.address = self.server.bootstrap

    @contextlib.contextmanager
    def running(self):
        self.server.start()
        try:
            yield
        finally:
            self.server.stop()

    def tool(self, name, *arguments, stdin=""):
        command = [BUILD / "bin" / name, "--bootstrap-server", self.address, *arguments]
        done = subprocess.run(command, input=stdin, text=True, capture_output=True,
                              timeout=TIMEOUT_S)
        if done.returncode != 0:
            raise AssertionError(f"{name} {arguments}: {done.stdout}{done.stderr}")
        return done.stdout

    def commit_end(self, group, topic):
        self.tool("kafka-consumer-groups", "--group", group, "--topic", topic,
                  "--reset-offsets", "--to-latest", "--execute")

    def offsets(self, group):
        """The topics that the group has offsets of."""
        done = subprocess.run([BUILD / "bin" / "kafka-consumer-groups", "--bootstrap-server",
                               self.address, "--group", group, "--describe"],
                              text=True, capture_output=True, timeout=TIMEOUT_S)
        rows = [line.split() for line in done.stdout.splitlines()]
        return {row[1] for row in rows if row and row[0] == group}


class Restart(unittest.TestCase):
    def test_offsets_of_a_topic_that_is_gone_are_forgotten(self):
        # As after a crash that kept the deletion of the topic and lost that of its offsets.
        with tempfile.TemporaryDirectory() as directory:
            node = Node(directory)
            with node.running():
                for topic in ("kept", "gone", "anew"):
                    node.tool("kafka-topics", "--create", "--topic", topic)
                    node.tool("kafka-console-producer", "--topic", topic, stdin="a\nb\n")
                    node.commit_end("group", topic)
                self.assertEqual(node.offsets("group"), {"kept", "gone", "anew"})
            before = node.directory / "before"
            self.copy_offsets(node.data, before)
            with node.running():
                node.tool("kafka-topics", "--delete", "--topic", "gone")
                node.tool("kafka-topics", "--delete", "--topic", "anew")
                node.tool("kafka-topics", "--create", "--topic", "anew")
            self.copy_offsets(before, node.data)
            with node.running():
                self.assertEqual(node.offsets("group"), {"kept"})

    def test_what_is_kept_and_not_enforced_is_said(self):
        with tempfile.TemporaryDirectory() as directory:
            node = Node(directory)
            with node.running():
                alter = ("--alter", "--entity-type", "users", "--entity-name", "josef")
                node.tool("kafka-configs", *alter, "--add-config", "producer_byte_rate=1024")
                node.tool("kafka-configs", *alter, "--add-config", "SCRAM-SHA-256=[password=p]")
            with node.running():
                said = node.server.log.read_text()
                described = node.tool("kafka-configs", "--describe", "--entity-type", "users")
            self.assertIn("1 client quotas are kept and described, and not enforced yet", said)
            self.assertIn("SCRAM credentials of 1 users are kept and described", said)
            self.assertIn("producer_byte_rate=1024.0", described)
            self.assertIn("SCRAM-SHA-256=iterations=4096", described)

    @staticmethod
    def copy_offsets(source, target):
        partitions = list(source.glob("__consumer_offsets-*"))
        assert partitions
        for partition in partitions:
            shutil.rmtree(target / partition.name, ignore_errors=True)
            shutil.copytree(partition, target / partition.name)


if __name__ == "__main__":
    unittest.main()
