#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The harness finds what it is there to find: programmes that fall silent, and damaged files."""

import contextlib
import io
import shutil
import socket
import sys
import tempfile
import threading
import unittest
import unittest.mock
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from harness import log_files, packages, programmes, servers  # noqa: E402

GOLDEN = servers.ROOT / "tests/golden/log/data"


class Quiet(unittest.TestCase):
    def setUp(self):
        self.results = programmes.Results()
        self.work = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(contextlib.redirect_stdout(io.StringIO()))


class ProgrammeTest(Quiet):
    def outcome(self, script):
        """(passed, failed names) of a programme that is this shell script."""
        self.enterContext(
            unittest.mock.patch.dict(programmes.COMMANDS, fake=["bash", "-c", script])
        )
        programmes.Programme(self.results, self.work, "fake", "nowhere:0", "prefix", "x").finish()
        return self.results.passed, self.results.failed

    def test_passes_and_failures_are_counted(self):
        outcome = self.outcome("echo PASS one; echo FAIL two: because; echo PASS three; echo END")
        self.assertEqual(outcome, (2, ["fake: two"]))

    def test_a_programme_that_falls_silent_has_failed(self):
        self.assertEqual(self.outcome("echo PASS one"), (1, ["fake x runs to its end"]))

    def test_a_programme_without_checks_has_failed(self):
        self.assertEqual(self.outcome("echo END"), (0, ["fake x runs to its end"]))

    def test_an_exit_status_is_a_failure(self):
        outcome = self.outcome("echo PASS one; echo END; exit 3")
        self.assertEqual(outcome, (1, ["fake x runs to its end"]))


class PackagesTest(unittest.TestCase):
    def test_the_digest_sees_order_within_a_key_only(self):
        a, b, c = b"Package: a\nv: 1", b"Package: a\nv: 2", b"Package: b\nv: 1"
        self.assertEqual(packages.digest([a, b, c]), packages.digest([c, a, b]))
        self.assertNotEqual(packages.digest([a, b, c]), packages.digest([b, a, c]))
        self.assertNotEqual(packages.digest([a, b, c]), packages.digest([a, b]))


class AnswersTest(unittest.TestCase):
    def answered(self, reply):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=self.serve, args=(listener, reply))
            thread.start()
            try:
                return servers.answers(listener.getsockname()[1])
            finally:
                thread.join()

    @staticmethod
    def serve(listener, reply):
        connection, _ = listener.accept()
        with connection:
            connection.recv(100)
            connection.sendall(reply)

    def test_only_a_good_reply_is_an_answer(self):
        self.assertTrue(
            self.answered(bytes.fromhex("0000000a 00000001 0000 00000000".replace(" ", "")))
        )
        self.assertFalse(
            self.answered(bytes.fromhex("0000000a 00000001 0023 00000000".replace(" ", "")))
        )
        self.assertFalse(self.answered(b""))


class LogFilesTest(Quiet):
    """On a copy of a directory that Apache Kafka wrote."""

    def setUp(self):
        super().setUp()
        self.data = self.work / "data"
        shutil.copytree(GOLDEN, self.data)

    def failures(self, codecs=frozenset()):
        kinds = ("metadata", "offsets")
        log_files.check(self.results, self.work / "dump", "copy", self.data, codecs, kinds)
        return self.results.failed

    def test_sound_files(self):
        self.assertEqual(self.failures(), [])
        self.assertGreaterEqual(self.results.passed, 4)

    def test_a_flipped_bit_in_a_batch(self):
        log = self.data / "orders-0/00000000000000000008.log"
        content = bytearray(log.read_bytes())
        content[-1] ^= 1
        log.write_bytes(content)
        self.assertIn("copy: DumpLogSegments, data", self.failures())

    def test_a_missing_batch(self):
        log = self.data / "orders-0/00000000000000000000.log"
        content = log.read_bytes()
        length = 12 + int.from_bytes(content[8:12], "big")
        self.assertGreater(len(content), length)
        log.write_bytes(content[length:])
        self.assertIn("copy: DumpLogSegments, data", self.failures())

    def test_bytes_after_the_last_batch(self):
        with open(self.data / "orders-1/00000000000000000000.log", "ab") as log:
            log.write(b"\0" * 30)
        self.assertIn("copy: DumpLogSegments, data", self.failures())

    def test_a_wrong_index_entry(self):
        index = self.data / "plain-0/00000000000000000000.index"
        index.write_bytes((7).to_bytes(4, "big") + (5).to_bytes(4, "big"))
        self.assertIn("copy: DumpLogSegments, index entries", self.failures())

    def test_what_is_missing(self):
        (self.data / "orders-1/00000000000000000000.timeindex").unlink()
        (self.data / ".kafka_cleanshutdown").unlink(missing_ok=True)
        failures = self.failures(codecs=frozenset({"brotli"}))
        self.assertEqual(
            failures,
            [
                "copy: every segment has its indexes",
                "copy: batches of every codec",
                "copy: marked as cleanly stopped",
            ],
        )


if __name__ == "__main__":
    unittest.main(verbosity=2)
