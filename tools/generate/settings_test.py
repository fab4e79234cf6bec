#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of schema/settings: what a key must say of itself, and that each of them says it."""

import pathlib
import sys
import tomllib
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import settings             # noqa: E402
import settings_templates   # noqa: E402

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "schema" / "settings"

ENTRY = {"type": "int", "unit": "ms", "default": "5", "importance": "low", "status": "honoured",
         "description": "How long it lasts."}


def parse_with(**changes):
    entry = {word: value for word, value in (ENTRY | changes).items() if value is not None}
    lines = "".join(f'{word} = "{value}"\n' for word, value in entry.items())
    return settings.parse(f'title = "Example"\norder = 1\n[settings."some.key"]\n{lines}',
                          "example")


class RefusalTest(unittest.TestCase):
    def test_a_whole_entry_is_read(self):
        setting = parse_with().settings[0]
        self.assertEqual((setting.name, setting.unit, setting.description),
                         ("some.key", "ms", "How long it lasts."))

    def test_what_is_refused(self):
        for message, changes in (("description", {"description": None}),
                                 ("description", {"description": ""}),
                                 ("description", {"description": "half a sen"}),
                                 ("unit", {"unit": None}),
                                 ("unit", {"type": "boolean"}),
                                 ("status", {"status": "perhaps"})):
            with self.assertRaisesRegex(settings.SettingsError, f"some.key: .*{message}"):
                parse_with(**changes)


class TableTest(unittest.TestCase):
    def setUp(self):
        self.subjects = settings.read(SCHEMA)

    def count(self, scope):
        return sum((setting.scope, setting.kind) == (scope, "current")
                   for setting in settings.all_settings(self.subjects))

    def test_every_key_of_kafka_is_there(self):
        own = tomllib.loads((SCHEMA / "own.toml").read_text())["settings"].values()
        ours = [sum(setting.get("scope", "broker") == scope for setting in own)
                for scope in settings.SCOPES]
        theirs = [379, 38, 27, 3, 5]
        self.assertEqual([self.count(scope) for scope in settings.SCOPES],
                         [sum(pair) for pair in zip(theirs, ours)])

    def test_every_description_is_in_the_page_and_the_table(self):
        page = settings_templates.document(self.subjects)
        table = settings_templates.table(self.subjects)
        for setting in settings.all_settings(self.subjects):
            self.assertIn(setting.description.replace("|", "\\|"), page)
            self.assertIn(settings_templates.cpp_text(setting.description), table)


if __name__ == "__main__":
    unittest.main()
