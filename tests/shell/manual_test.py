#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual page, the help and docs/tools.md against the table of commands.
Usage: manual_test.py <build directory>"""

import json
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

import tools_page

BUILD = Path(sys.argv.pop(1)).resolve()
ODRADEK = BUILD / "odradek"
ROOT = Path(__file__).resolve().parent.parent.parent


def run(*arguments, **options):
    return subprocess.run([str(word) for word in arguments], text=True, capture_output=True,
                          timeout=30, **options)


COMMANDS = json.loads(run(ODRADEK, "help", "--output", "json").stdout)


class Manual(unittest.TestCase):
    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_the_page_has_no_warnings(self):
        done = run("groff", "-man", "-ww", "-Tutf8", input=run(ODRADEK, "man").stdout)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_the_page_names_every_command_and_flag(self):
        page = run("groff", "-man", "-Tascii", "-P-c", "-rLL=400n",
                   input=run(ODRADEK, "man").stdout).stdout
        page = re.sub(r".\x08", "", page)
        for command in COMMANDS:
            self.assertIn(f"odradek {command['command']}", page)
            self.assertIn(command["summary"], page)
            explained = run(ODRADEK, *command["command"].split(), "--help").stdout
            for flag in re.findall(r"(?m)^  (?:-\w, )?(--[\w.-]+)", explained):
                self.assertIn(flag, page)

    def test_the_help_names_every_command(self):
        overview = run(ODRADEK, "--help").stdout
        for command in COMMANDS:
            self.assertRegex(overview, rf"(?m)^  {command['command']} ")
            if command["script"]:
                self.assertRegex(overview, rf" {command['script']} ")

    def test_every_command_explains_itself_with_examples(self):
        for command in COMMANDS:
            with self.subTest(command["command"]):
                done = run(ODRADEK, *command["command"].split(), "--help")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertTrue(done.stdout.startswith(f"usage: odradek {command['command']}"))
                self.assertIn("\nexamples:\n", done.stdout)
                self.assertLessEqual(max(map(len, done.stdout.splitlines())), 110)

    def test_scripts_are_those_that_are_linked(self):
        names = (ROOT / "cmake/script_names.txt").read_text().splitlines()
        self.assertEqual(sorted(name for name in names if not name.startswith("#")),
                         sorted(command["script"] for command in COMMANDS if command["script"]))

    def test_the_page_of_tools_is_of_this_table(self):
        self.assertEqual((ROOT / "docs/tools.md").read_text(), tools_page.page(COMMANDS),
                         "run tests/shell/tools_page.py <odradek>")


if __name__ == "__main__":
    unittest.main()
