#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Configuration files, as people have them: check-config says what the server does with each, and
a bad one stops the server before it touches its directory.

Usage: configuration_files_test.py <odradek>"""

import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

ODRADEK = sys.argv.pop(1)
FILES = pathlib.Path(__file__).resolve().parent / "files"

# Stock files and the key that stops them; nothing: they start.
STOCK = {
    "stock-2.2.2": None,
    "stock-3.9": None,
    "stock-3.9-kraft": None,
    "stock-3.9-kraft-broker": "process.roles",
    "stock-3.9-kraft-controller": "process.roles",
    "stock-4.4": None,
    "stock-4.4-broker": "process.roles",
    "stock-4.4-controller": "process.roles",
    "kept-since-2.2": None,
}

# Lines, and what the sentence about them says.
BAD = [
    ("broker.id=0 #id", ["line 1", "broker.id", "'#id' was meant as a comment"]),
    ("num.io.threads=0", ["line 1", "num.io.threads", "0", "at least 1"]),
    ("num.partitions=10_000", ["num.partitions", "10_000", "a whole number"]),
    ("\n\nlog.segment.bytes=1GB", ["line 3", "log.segment.bytes", "1GB", "at least 1048576"]),
    ("log.cleanup.policy=shred", ["log.cleanup.policy", "shred", "compact, delete"]),
    ("auto.create.topics.enable=yes", ["auto.create.topics.enable", "yes", "true or false"]),
    ("num.partition=3", ["num.partition is not a key", "num.partitions"]),
    ("num.threads.io=3", ["num.threads.io is not a key", "num.io.threads"]),
    ("listeners=SSL://:9093", ["listeners", "SSL", "PLAINTEXT only"]),
    ("listeners=PLAINTEXT://localhost", ["listeners", "NAME://host:port"]),
    ("authorizer.class.name=kafka.security.authorizer.AclAuthorizer",
     ["authorizer.class.name", "no authorizer"]),
    ("zookeeper.ssl.client.enable=true", ["zookeeper.ssl.client.enable", "without TLS"]),
    ("remote.log.storage.system.enable=true", ["remote.log.storage.system.enable", "tiered"]),
    ("metric.reporters=com.example.Reporter", ["metric.reporters", "no Java classes"]),
    ("offsets.topic.compression.codec=1", ["offsets.topic.compression.codec", "compress"]),
    ("log.dirs=", ["log.dirs", "must not be empty"]),
    ("log.retention.ms=9223372036854775808",
     ["log.retention.ms", "9223372036854775808", "to 9223372036854775807 is what fits"]),
    ("num.network.threads=100000", ["num.network.threads", "100000", "at most 512"]),
    ("cordoned.log.dirs=/elsewhere", ["cordoned.log.dirs", "none of log.dirs"]),
    ("a=\\u12", ["line 1", "four hexadecimal digits"]),
]


def run(*arguments):
    return subprocess.run([ODRADEK, *arguments], stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, timeout=30)


def sentences(done):
    """What stops it, without the program's name."""
    return [line.split(": ", 1)[1] for line in done.stderr.splitlines()]


class Directory(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = pathlib.Path(directory.name)

    def file(self, text):
        path = self.path / "server.properties"
        path.write_text(text, encoding="utf-8")
        return str(path)

    def assert_refused_untouched(self, file, *overrides):
        """By both, in the same words, with exit code 1; returns the words."""
        data = self.path / "data"
        given = [*overrides, "--set", f"log.dir={data}"]
        check, server = run("check-config", file, *given), run("server", file, *given)
        self.assertEqual((check.returncode, server.returncode), (1, 1), check.stderr)
        self.assertEqual(sentences(check), sentences(server))
        self.assertFalse(data.exists())
        self.assertEqual(server.stdout, "")
        return sentences(check)


class StockFiles(Directory):
    def test_each_starts_or_names_the_key_that_stops_it(self):
        self.assertEqual({path.stem for path in FILES.glob("*.properties")}, set(STOCK))
        for name, key in STOCK.items():
            with self.subTest(name):
                file = str(FILES / f"{name}.properties")
                if key is None:
                    self.check_start(file, name)
                else:
                    first = self.assert_refused_untouched(file)[0]
                    self.assertIn(f"{name}.properties line ", first)
                    self.assertIn(f" {key}=", first)

    def check_start(self, file, name):
        """As it is it is fine; with free ports and a directory of the test the server serves."""
        self.assertEqual(run("check-config", file).returncode, 0)
        overrides = ["--set", f"log.dirs={self.path / name}", "--set", "num.network.threads=1"]
        text = pathlib.Path(file).read_text(encoding="utf-8")
        if "zookeeper.connect=" in text:
            overrides += ["--set", "zookeeper.connect="]
        if "listeners" in text:
            overrides += ["--set", "listeners=PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0"]
        self.assertEqual(run("check-config", file, *overrides).returncode, 0)
        with subprocess.Popen([ODRADEK, "server", file, *overrides], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as server:
            log = []
            for line in server.stdout:
                log.append(line)
                if " serves" in line:
                    server.send_signal(signal.SIGTERM)
        self.assertEqual(server.returncode, 0, "".join(log))


class BadFiles(Directory):
    def test_a_sentence_says_what_is_wrong(self):
        for text, expected in BAD:
            with self.subTest(text):
                words = self.assert_refused_untouched(self.file(text))
                self.assertEqual(len(words), 1, words)
                for part in ["server.properties", *expected]:
                    self.assertIn(part, words[0])

    def test_all_that_is_wrong_is_said_at_once(self):
        file = self.file("\n".join(text for text, _ in BAD[1:4]))
        self.assertEqual(len(self.assert_refused_untouched(file)), 3)

    def test_the_command_line_is_checked_too(self):
        words = self.assert_refused_untouched(self.file(""), "--set", "num.partitions=x")
        self.assertIn("command line", words[0])

    def test_a_file_that_is_not_there(self):
        words = self.assert_refused_untouched(str(self.path / "none.properties"))
        self.assertIn("none.properties", words[0])


class Limits(Directory):
    def test_threads_need_open_files(self):
        """The limit is the process's, not the file's: check-config cannot know it."""
        data = self.path / "data"
        server = subprocess.run(
            ["sh", "-c", 'ulimit -n 256; exec "$@"', "sh", ODRADEK, "server", self.file(""),
             "--set", "num.network.threads=100", "--set", f"log.dir={data}"],
            stdin=subprocess.DEVNULL, text=True, capture_output=True, timeout=30)
        self.assertEqual(server.returncode, 1, server.stderr)
        self.assertIn("num.network.threads: 200 event loops need", server.stderr)
        self.assertIn("may have 256", server.stderr)
        self.assertFalse(data.exists())


class CheckConfig(Directory):
    def test_every_key_has_its_status_and_words(self):
        done = run("check-config", str(FILES / "kept-since-2.2.properties"), "--output", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        found = {row["key"]: row for row in json.loads(done.stdout)}
        self.assertEqual(found["broker.id"]["status"], "honoured")
        self.assertEqual(found["log.dirs"]["value"], "/tmp/kafka-logs,/tmp/kafka-logs-2")
        self.assertEqual(found["num.partitions"]["value"], "2")
        self.assertEqual(found["port"], {"key": "port", "line": 6, "status": "honoured",
                                         "value": "0", "words": ""})
        self.assertEqual(found["confluent.support.metrics.enable"]["status"], "unknown")
        self.assertEqual(found["ssl.keystore.password"]["value"], "[hidden]")
        for row in found.values():
            self.assertEqual(row["status"] == "honoured", row["words"] == "", row)

    def test_the_server_says_what_differs(self):
        file = self.file("queued.max.requests=9\nconfluent.key=1\n")
        with subprocess.Popen(
                [ODRADEK, "server", file, "--set", f"log.dirs={self.path / 'data'}", "--set",
                 "listeners=PLAINTEXT://127.0.0.1:0"], text=True, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT) as server:
            log = ""
            for line in server.stdout:
                log += line
                if " serves" in line:
                    server.send_signal(signal.SIGTERM)
        words = json.loads(run("check-config", file, "--output", "json").stdout)
        self.assertEqual([row["status"] for row in words], ["accepted", "unknown"])
        for row in words:
            self.assertIn(f"{row['key']}={row['value']} is {row['status']}: {row['words']}", log)


if __name__ == "__main__":
    unittest.main()
