#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes C++ from schema/**/*.msg.

    generate.py --schema DIR --output DIR   the C++, into DIR/wire/
    generate.py --schema DIR --list         the names of those files, relative to DIR
    generate.py --schema DIR --document F   docs/protocol.md; with --check: only compares

A file whose content stays the same is not touched, so that nothing is compiled again for it.
"""

import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import schema      # noqa: E402
import templates   # noqa: E402

# Schema files whose tables share a translation unit: enough to amortise the headers, few enough to
# compile the units side by side.
FILES_PER_UNIT = 16


def stems(directory):
    """[(folder, stem)] of all schema files, in a fixed order."""
    return [(folder, path.stem) for folder in ("messages", "records")
            for path in sorted((directory / folder).glob("*.msg"))]


def units(items):
    return [items[i:i + FILES_PER_UNIT] for i in range(0, len(items), FILES_PER_UNIT)]


def output_names(names):
    """The generated files; needs no parsing, so that CMake can ask at configuration."""
    headers = [f"wire/{folder}/{stem}.h" for folder, stem in names]
    sources = [f"wire/layouts_{i}.cc" for i in range(len(units(names)))]
    return headers + ["wire/api_key.h"] + sources + ["wire/tables.cc"]


def collect_apis(files):
    """[(name, request, response)] by key."""
    requests = {}
    for _, file in files:
        for message in file.messages:
            if message.kind in ("request", "response"):
                api = message.name.removesuffix(message.kind.capitalize())
                requests.setdefault(api, {})[message.kind] = message
    apis = [(name, pair["request"], pair["response"]) for name, pair in requests.items()]
    return sorted(apis, key=lambda api: api[1].number)


def generate(files):
    """{name: text} of the C++ files."""
    apis = collect_apis(files)
    texts = {f"wire/{folder}/{file.stem}.h": templates.header(file, folder)
             for folder, file in files}
    texts["wire/api_key.h"] = templates.api_key(apis)
    for i, unit in enumerate(units(files)):
        texts[f"wire/layouts_{i}.cc"] = templates.layouts(unit)
    texts["wire/tables.cc"] = templates.tables(files, apis)
    return texts


def write_if_changed(path, text):
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--schema", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--document", type=pathlib.Path)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    names = stems(arguments.schema)
    if arguments.list:
        print(";".join(output_names(names)), end="")
        return 0
    try:
        files = [(folder, schema.parse_file(arguments.schema / folder / f"{stem}.msg", stem))
                 for folder, stem in names]
    except schema.SchemaError as error:
        print(error, file=sys.stderr)
        return 1
    if arguments.output:
        for name, text in generate(files).items():
            write_if_changed(arguments.output / name, text)
    if arguments.document:
        text = templates.protocol_document(files, collect_apis(files))
        if not arguments.check:
            write_if_changed(arguments.document, text)
        elif not arguments.document.exists() or arguments.document.read_text("utf-8") != text:
            print(f"{arguments.document} is out of date: run 'ninja protocol_document'",
                  file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
