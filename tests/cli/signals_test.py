#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C ends the long commands cleanly: what was read is sent, what was printed is whole lines,
the summary is there, and the exit code is a shell's (128 + the signal), as a JVM's is.

usage: signals_test.py --bin DIRECTORY
"""

import argparse
import re
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from commands_test import ENVIRONMENT, TIMEOUT_S, run, running_server

INTERRUPTED = 128 + signal.SIGINT
RECORDS = 20_000


class Signals(unittest.TestCase):
    binaries = ""

    @classmethod
    def setUpClass(cls):
        cls.directory = cls.enterClassContext(tempfile.TemporaryDirectory())
        settings = {"group.initial.rebalance.delay.ms": "0"}
        cls.server = cls.enterClassContext(running_server(cls.binaries, cls.directory, settings))
        done = run([f"{cls.binaries}/kafka-producer-perf-test", "--topic", "full", "--num-records",
                    str(RECORDS), "--record-size", "50", "--throughput", "-1",
                    "--bootstrap-server", cls.server])
        assert done.returncode == 0, done.stderr

    def begin(self, tool, *arguments, **files):
        options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
                   **files}
        process = subprocess.Popen([f"{self.binaries}/{tool}", *arguments], env=ENVIRONMENT,
                                   bufsize=0, **options)
        self.addCleanup(process.__exit__, None, None, None)
        self.addCleanup(process.kill)
        return process

    def wait_until(self, holds):
        deadline = time.monotonic() + TIMEOUT_S
        while not holds():
            self.assertLess(time.monotonic(), deadline, "it never came to it")

    def end_of(self, topic):
        done = run([f"{self.binaries}/kafka-get-offsets", "--bootstrap-server", self.server,
                    "--topic", topic])
        return sum(int(line.rpartition(":")[2]) for line in done.stdout.split())

    def interrupt(self, process, first=b""):
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=TIMEOUT_S)
        self.assertEqual(process.returncode, INTERRUPTED, err)
        return (first + (out or b"")).decode(), err.decode()

    def interrupt_after_output(self, *arguments):
        """What it printed in all, when it was interrupted as soon as it had printed something."""
        process = self.begin(*arguments)
        return self.interrupt(process, process.stdout.read(1))

    def interrupt_after_file(self, *arguments):
        """The same into a file."""
        path = Path(self.directory, "output")
        with path.open("wb") as out:
            process = self.begin(*arguments, stdout=out)
            self.wait_until(lambda: path.stat().st_size > 0)
            _, err = self.interrupt(process)
        return path.read_text(), err

    def test_a_console_producer_has_sent_what_it_read(self):
        process = self.begin("kafka-console-producer", "--bootstrap-server", self.server,
                             "--topic", "lines", "--timeout", "0")
        process.stdin.write(b"one\ntwo\n")
        self.wait_until(lambda: self.end_of("lines") == 2)
        self.assertEqual(self.interrupt(process), ("", ""))
        self.assertEqual(self.end_of("lines"), 2)

    def test_a_console_consumer_leaves_whole_lines(self):
        for interrupt in (self.interrupt_after_file, self.interrupt_after_output):
            with self.subTest(interrupt.__name__):
                out, err = interrupt("kafka-console-consumer", "--bootstrap-server", self.server,
                                     "--topic", "full", "--from-beginning")
                lines = out.splitlines()
                self.assertTrue(out.endswith("\n"))
                self.assertEqual({len(line) for line in lines}, {50})
                self.assertIn(f"Processed a total of {len(lines)} messages", err)

    def test_a_dump_ends_between_two_lines(self):
        log = next(Path(self.directory, "data").glob("full-0/*.log"))
        # More than a pipe holds is still to come.
        out, err = self.interrupt_after_output("kafka-dump-log", "--files", str(log),
                                               "--print-data-log")
        self.assertEqual(err, "")
        self.assertTrue(out.startswith(f"Dumping {log}\n"))
        self.assertLess(len(out.splitlines()), RECORDS)
        self.assertRegex(out, r"(payload: [A-Z]{50}|isvalid: true)\n$")

    def test_nobody_who_reads_a_dump_to_its_end(self):
        log = next(Path(self.directory, "data").glob("full-0/*.log"))
        process = self.begin("kafka-dump-log", "--files", str(log), "--print-data-log")
        self.assertEqual(process.stdout.read(1), b"D")
        process.stdout.close()
        self.assertEqual(process.stderr.read(), b"")
        self.assertEqual(process.wait(TIMEOUT_S), 0)

    def test_a_disk_that_takes_no_more_is_said(self):
        log = next(Path(self.directory, "data").glob("full-0/*.log"))
        with open("/dev/full", "wb") as full:
            process = self.begin("kafka-dump-log", "--files", str(log), stdout=full)
            _, err = process.communicate(timeout=TIMEOUT_S)
        self.assertEqual(process.returncode, 1)
        self.assertIn(b"standard output takes no more", err)

    def test_a_producer_test_prints_its_summary(self):
        out, err = self.interrupt_after_output(
            "kafka-producer-perf-test", "--topic", "load", "--num-records", "1000000000",
            "--record-size", "10", "--throughput", "1000", "--reporting-interval", "100",
            "--bootstrap-server", self.server)
        self.assertEqual(err, "")
        self.assertRegex(out, r"\n\d+ records sent, .* ms 99\.9th\.\n$")
        self.assertEqual(self.end_of("load"), int(re.findall(r"(\d+) records sent", out)[-1]))

    def test_a_consumer_test_prints_its_summary(self):
        out, err = self.interrupt_after_output(
            "kafka-consumer-perf-test", "--topic", "full", "--num-records", "1000000000",
            "--group", "perf", "--bootstrap-server", self.server)
        self.assertEqual(err, "")
        header, summary = out.splitlines()
        self.assertEqual(len(summary.split(", ")), len(header.split(", ")))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    options, rest = parser.parse_known_args()
    Signals.binaries = options.bin
    unittest.main(argv=[__file__, *rest])
