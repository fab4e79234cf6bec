#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `make build` leaves in a build directory. Usage: product_test.py <build directory>"""

import re
import subprocess
import sys
import unittest
from pathlib import Path

BUILD = Path(sys.argv.pop(1)).resolve()


def run(program, *arguments):
    return subprocess.run([str(program), *arguments], stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, timeout=30)


class Product(unittest.TestCase):
    def test_every_script_has_both_links(self):
        overview = run(BUILD / "odradek", "--help").stdout
        names = set(re.findall(r"\bkafka-[a-z-]+\b", overview))
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


if __name__ == "__main__":
    unittest.main()
