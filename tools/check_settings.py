#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the settings by what the server does with them. The number of those that are accepted with
a difference may only fall: schema/settings_counts.txt holds what it was.

    check_settings.py ROOT           compares; exit code 1 when more keys are accepted than before
    check_settings.py ROOT --write   puts the present numbers there, unless more are accepted
"""

import argparse
import pathlib
import sys


def present(root):
    """{status: count} of schema/settings."""
    sys.path.insert(0, str(root / "tools" / "generate"))
    import settings              # pylint: disable=import-outside-toplevel
    import settings_templates    # pylint: disable=import-outside-toplevel
    return settings_templates.counts(settings.read(root / "schema" / "settings"))


def read(text):
    return {status: int(count) for status, count in
            (line.split() for line in text.splitlines() if not line.startswith("#"))}


def complaint(before, now):
    """Why `now` is not allowed; empty: it is."""
    if now["accepted"] <= before["accepted"]:
        return ""
    return (f"{now['accepted']} settings are accepted with a difference, and {before['accepted']} "
            "were: the number may only fall")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    path = arguments.root / "schema" / "settings_counts.txt"
    before, now = read(path.read_text(encoding="utf-8")), present(arguments.root.resolve())
    print(", ".join(f"{count} {status}" for status, count in now.items()))
    if words := complaint(before, now):
        print(words, file=sys.stderr)
        return 1
    if arguments.write:
        lines = "".join(f"{status} {count}\n" for status, count in now.items())
        path.write_text("# SPDX-License-Identifier: Apache-2.0\n" + lines, encoding="utf-8")
    elif now["accepted"] < before["accepted"]:
        print("fewer than before: check_settings.py . --write keeps it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
