#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The scripts behind the front door, with stand-ins for the programs that they call."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class FrontDoor(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)

    def stand_in(self, name, script):
        path = self.directory / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def run_script(self, script, *arguments, path=None):
        search = path or f"{self.directory}:{os.environ['PATH']}"
        return subprocess.run([str(ROOT / script), *map(str, arguments)], cwd=self.directory,
                              env=dict(os.environ, PATH=search), text=True, capture_output=True,
                              stdin=subprocess.DEVNULL)


class CiRun(FrontDoor):
    def check(self, script, last_line, code):
        self.stand_in("make", script)
        done = self.run_script(".ci/run")
        self.assertEqual(done.stdout.splitlines()[-1], last_line)
        self.assertEqual(done.stdout.count("passed"), 1)
        self.assertEqual(done.returncode, code)

    def test_success(self):
        self.check("echo building; echo 7 passed, 0 failed", "7 passed, 0 failed", 0)

    def test_failure_keeps_the_counts_last(self):
        self.check("echo 7 passed, 1 failed; echo 'make: *** Error 1' >&2; exit 2",
                   "7 passed, 1 failed", 2)

    def test_failure_before_any_count(self):
        self.check("echo no compiler; exit 2", "0 passed, 1 failed", 2)

    def test_skipped_tests_fail(self):
        self.check('[ "$CI" = true ] && echo 1 passed, 0 failed', "1 passed, 0 failed", 0)


class RunNode(FrontDoor):
    def check(self, listen, listeners, connect):
        server = self.stand_in("odradek", 'echo "started with: $*"')
        done = self.run_script("tools/run_node", server, listen, "kept")
        self.assertIn(f"started with: server --set listeners={listeners} --set log.dirs=kept",
                      done.stdout)
        self.assertIn(f"point any Kafka client at {connect},", done.stdout)
        self.assertTrue((self.directory / "kept").is_dir())

    def test_port(self):
        self.check("19092", "PLAINTEXT://127.0.0.1:19092", "127.0.0.1:19092")

    def test_host(self):
        self.check("localhost", "PLAINTEXT://localhost:9092", "localhost:9092")

    def test_host_and_port(self):
        self.check("127.0.0.1:9092", "PLAINTEXT://127.0.0.1:9092", "127.0.0.1:9092")
        self.check("[::1]:9092", "PLAINTEXT://[::1]:9092", "[::1]:9092")

    def test_every_address(self):
        self.check("0.0.0.0:9092", "PLAINTEXT://0.0.0.0:9092", "127.0.0.1:9092")
        self.check(":9092", "PLAINTEXT://:9092", "127.0.0.1:9092")

    def test_listeners_as_in_the_file(self):
        self.check("PLAINTEXT://10.0.0.1:1,LOCAL://127.0.0.1:2",
                   "PLAINTEXT://10.0.0.1:1,LOCAL://127.0.0.1:2", "10.0.0.1:1")


class InstallPackages(FrontDoor):
    def install(self, user, *more):
        packages = self.directory / "packages.txt"
        packages.write_text("# What is needed.\nthere\nmissing-one  # why\n\nmissing-two\n")
        self.stand_in("dpkg-query", "echo installed there; echo config-files missing-one")
        self.stand_in("id", f"echo {user}")
        return self.run_script("tools/install_packages", packages, *more)

    def test_without_rights_it_prints_the_one_command(self):
        self.stand_in("sudo", "exit 1")
        done = self.install(1000)
        self.assertEqual(done.returncode, 1)
        self.assertIn("sudo apt-get install --yes --no-install-recommends missing-one missing-two",
                      done.stderr)

    def test_with_rights_it_installs_what_is_missing(self):
        self.stand_in("apt-get", f'echo "$*" >> {self.directory}/calls')
        done = self.install(0)
        self.assertEqual(done.returncode, 0, done.stderr)
        calls = (self.directory / "calls").read_text().splitlines()
        self.assertEqual(len(calls), 1)
        self.assertTrue(calls[0].endswith("missing-one missing-two"), calls)

    def test_old_package_lists_are_fetched_again(self):
        self.stand_in("apt-get", f'case $1 in update) touch {self.directory}/updated;; '
                                 f'*) [ -f {self.directory}/updated ];; esac')
        done = self.install(0)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_nothing_missing_is_silent(self):
        self.stand_in("apt-get", "exit 1")
        packages = self.directory / "packages.txt"
        packages.write_text("there\n")
        self.stand_in("dpkg-query", "echo installed there")
        done = self.run_script("tools/install_packages", packages)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))


if __name__ == "__main__":
    unittest.main()
