#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the table of settings from schema/settings/*.toml.

    generate_settings.py --schema DIR --output DIR   the C++, DIR/config/settings_table.cc
    generate_settings.py --schema DIR --document F   docs/configuration.md; --check: only compares
"""

import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import settings             # noqa: E402
import settings_templates   # noqa: E402
from generate import write_if_changed   # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--schema", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path)
    parser.add_argument("--document", type=pathlib.Path)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    try:
        subjects = settings.read(arguments.schema / "settings")
    except settings.SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.output:
        write_if_changed(arguments.output / "config" / "settings_table.cc",
                         settings_templates.table(subjects))
    if arguments.document:
        text = settings_templates.document(subjects)
        if not arguments.check:
            write_if_changed(arguments.document, text)
        elif not arguments.document.exists() or arguments.document.read_text("utf-8") != text:
            print(f"{arguments.document} is out of date: run 'ninja configuration_document'",
                  file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
