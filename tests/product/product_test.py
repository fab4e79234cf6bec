#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `make build` leaves in a build directory. Usage: product_test.py <build directory>"""

import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BUILD = Path(sys.argv.pop(1)).resolve()
ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPTS = [name for name in (ROOT / "cmake/script_names.txt").read_text().splitlines()
           if name and not name.startswith("#")]


def run(program, *arguments):
    return subprocess.run([str(program), *arguments], stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, timeout=30)


class Product(unittest.TestCase):
    def test_every_script_has_both_links(self):
        overview = run(BUILD / "odradek", "--help").stdout
        names = set(re.findall(r"\bkafka-[a-z0-9-]+\b", overview))
        self.assertTrue(names)
        links = {path.name for path in (BUILD / "bin").iterdir()}
        self.assertEqual(links, names | {name + ".sh" for name in names})

    def test_links_answer_to_their_names(self):
        for link in sorted((BUILD / "bin").iterdir()):
            with self.subTest(link.name):
                done = run(link, "--help")
                self.assertIn(link.name.removesuffix(".sh"), done.stdout + done.stderr)
                self.assertEqual(run(link, "--version").returncode, 0)

    def test_configuration_lies_next_to_bin(self):
        self.assertTrue((BUILD / "config/server.properties").is_file())


class Installation(unittest.TestCase):
    """`make install` and `make uninstall` below a directory of their own."""

    def install(self, action, directory, prefix="/usr/local"):
        done = run(ROOT / "tools/install", action, BUILD, directory, prefix)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def files(self, directory):
        return {str(path.relative_to(directory)) for path in Path(directory).rglob("*")
                if not path.is_dir() or path.is_symlink()}

    def test_what_is_installed_runs_and_goes_away(self):
        with tempfile.TemporaryDirectory() as directory:
            self.install("install", directory)
            local = Path(directory) / "usr/local"
            names = SCRIPTS + [name + ".sh" for name in SCRIPTS]
            self.assertEqual({path.name for path in (local / "bin").iterdir()},
                             {"odradek", *names})
            for name in ["odradek", "kafka-topics", "kafka-topics.sh", "kafka-consumer-groups"]:
                done = run(local / "bin" / name, "--version")
                self.assertEqual((done.returncode, done.stderr), (0, ""), name)
            self.assertIn("usage: kafka-topics", run(local / "bin/kafka-topics.sh", "-h").stderr)
            for file in ["etc/odradek/server.properties", "share/man/man1/odradek.1",
                         "share/bash-completion/completions/kafka-topics.sh",
                         "share/zsh/site-functions/_odradek", "share/doc/odradek/LICENSE"]:
                self.assertTrue((local / file).read_text(), file)
            self.install("install", directory)  # over itself
            self.install("uninstall", directory)
            self.assertEqual(self.files(directory), set())

    def test_what_is_not_ours_stays(self):
        with tempfile.TemporaryDirectory() as directory:
            self.install("install", directory, "/usr")
            configuration = Path(directory) / "etc/odradek/server.properties"
            configuration.write_text("node.id=7\n")
            self.assertIn("kept ", self.install("install", directory, "/usr"))
            other = Path(directory) / "usr/bin/kafka-topics.sh"
            other.unlink()
            other.write_text("another Kafka's\n")
            self.assertIn(f"kept {other}", self.install("install", directory, "/usr"))
            self.install("uninstall", directory, "/usr")
            self.assertEqual(self.files(directory),
                             {"etc/odradek/server.properties", "usr/bin/kafka-topics.sh"})

    def test_a_prefix_that_is_no_path_is_refused(self):
        done = run(ROOT / "tools/install", "install", BUILD, "", "local")
        self.assertEqual(done.returncode, 1)
        self.assertIn("PREFIX is an absolute path, not 'local'", done.stderr)


if __name__ == "__main__":
    unittest.main()
