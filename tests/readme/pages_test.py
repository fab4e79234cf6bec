#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""README.zh-CN.md says what README.md says: the same commands and output, headings, tables, figures
and links; and the pages that people read link to nothing that is not there."""

import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ENGLISH = (ROOT / "README.md").read_text()
CHINESE = (ROOT / "README.zh-CN.md").read_text()
PAGES = ["README.md", "README.zh-CN.md", "ARCHITECTURE.md", "CONTRIBUTING.md",
         *(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md"))]


def console_blocks(text):
    return re.findall(r"^```console\n(.*?)^```", text, re.M | re.S)


def indented_commands(text):
    """The commands of indented blocks, without what is said about them."""
    return [line.partition("#")[0].strip() for line in re.findall(r"(?m)^    (\S.*)$", text)
            if line.startswith("make ")]


def links(text):
    return re.findall(r"\]\(([^)]+)\)", text)


class Translation(unittest.TestCase):
    maxDiff = None

    def test_commands_and_their_output(self):
        self.assertTrue(console_blocks(ENGLISH))
        self.assertEqual(console_blocks(CHINESE), console_blocks(ENGLISH))
        self.assertTrue(indented_commands(ENGLISH))
        self.assertEqual(indented_commands(CHINESE), indented_commands(ENGLISH))

    def test_commands_within_sentences(self):
        def quoted(text):
            prose = re.sub(r"(?ms)^```.*?^```$", "", text)
            return sorted(re.findall(r"`([^`\n]+)`", prose))
        self.assertEqual(quoted(CHINESE), quoted(ENGLISH))

    def test_headings_and_tables(self):
        def shape(text):
            prose = re.sub(r"(?ms)^```.*?^```$", "", text)
            return [re.match(r"#+|\|", line)[0] + "|" * line.count("|")
                    for line in prose.splitlines() if re.match(r"#+ |\|", line)]
        self.assertEqual(shape(CHINESE), shape(ENGLISH))

    def test_figures(self):
        def figures(text):
            table = text.partition("| | Odradek |")[2].partition("\n\n")[0]
            return re.findall(r"\d[\d.,]*\d|\d", table)
        self.assertTrue(figures(ENGLISH))
        self.assertEqual(figures(CHINESE), figures(ENGLISH))

    def test_links(self):
        self.assertEqual([link for link in links(CHINESE) if link != "README.md"],
                         [link for link in links(ENGLISH) if link != "README.zh-CN.md"])


class Links(unittest.TestCase):
    def test_what_is_linked_is_there(self):
        for page in PAGES:
            for link in links((ROOT / page).read_text()):
                path = link.partition("#")[0]
                if path and "://" not in path:
                    self.assertTrue((ROOT / page).parent.joinpath(path).exists(),
                                    f"{page} links to {link}")


if __name__ == "__main__":
    unittest.main()
