#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keys land where the Java producer puts them, and records without one on every partition.

usage: keys_test.py BIN_DIRECTORY
"""

import collections
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from commands_test import running_server  # noqa: E402
from keys import PARTITIONS, keys, recorded  # noqa: E402

BIN = sys.argv.pop(1)


def run(script, *arguments, stdin=""):
    done = subprocess.run([f"{BIN}/{script}", *arguments], input=stdin.encode(),
                          capture_output=True, timeout=60)
    if done.returncode != 0:
        raise AssertionError(f"{script}: {done.stderr.decode()}")
    return done.stdout.decode()


class Keys(unittest.TestCase):
    def setUp(self):
        directory = self.enterContext(tempfile.TemporaryDirectory())
        self.server = self.enterContext(running_server(BIN, directory, {}))
        run("kafka-topics", "--bootstrap-server", self.server, "--create", "--topic", "keys",
            "--partitions", str(PARTITIONS))

    def places(self, count):
        """The partition and key of each record, as the consumer prints them."""
        printed = run("kafka-console-consumer", "--bootstrap-server", self.server, "--topic",
                      "keys", "--from-beginning", "--max-messages", str(count),
                      "--formatter-property", "print.partition=true", "--formatter-property",
                      "print.key=true", "--formatter-property", "print.value=false")
        for line in printed.split("\n")[:-1]:
            partition, _, key = line.partition("\t")
            yield int(partition.removeprefix("Partition:")), key

    def test_console_producer(self):
        every = keys()
        run("kafka-console-producer", "--bootstrap-server", self.server, "--topic", "keys",
            "--reader-property", "parse.key=true",
            stdin="".join(f"{key}\tvalue\n" for key in every))
        actual = {key: partition for partition, key in self.places(len(every))}
        expected = dict(zip(every, recorded(), strict=True))
        wrong = {key[:40]: (actual.get(key), partition)
                 for key, partition in expected.items() if actual.get(key) != partition}
        self.assertEqual(wrong, {}, f"{len(wrong)} of {len(every)} keys lie elsewhere")

    def test_verifiable_producer(self):
        run("kafka-verifiable-producer", "--bootstrap-server", self.server, "--topic", "keys",
            "--max-messages", "1000", "--repeating-keys", "1000")
        expected = dict(zip(keys(), recorded(), strict=True))
        for partition, key in self.places(1000):
            self.assertEqual(partition, expected[key], key)

    def test_records_without_a_key_go_everywhere(self):
        run("kafka-producer-perf-test", "--bootstrap-server", self.server, "--topic", "keys",
            "--num-records", "20000", "--record-size", "100", "--throughput", "-1")
        counts = collections.Counter(partition for partition, _ in self.places(20000))
        # About a batch of 16 KiB each time.
        self.assertEqual(len(counts), PARTITIONS)
        self.assertGreater(min(counts.values()), 100)


if __name__ == "__main__":
    unittest.main()
