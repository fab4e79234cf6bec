#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Starts a server for each value of each honoured key that is read at the start, and observes the
difference. Usage: static_test.py --server build/release/odradek [KEY…]"""

import argparse
import contextlib
import sys
import tomllib

import static_cases_cleaner  # noqa: F401
import static_cases_cluster  # noqa: F401
import static_cases_elections  # noqa: F401
import static_cases_groups  # noqa: F401
import static_cases_log  # noqa: F401
import static_cases_network  # noqa: F401
import static_cases_node  # noqa: F401
import static_cases_replication  # noqa: F401
import static_cases_zookeeper  # noqa: F401
from codec import Closed
from effect import NO_START, STATIC
from harness.servers import ServerFailed
from node import ROOT, running


def honoured():
    """Honoured broker keys: {key: whether it changes live}."""
    keys = {}
    for path in sorted((ROOT / "schema/settings").glob("*.toml")):
        table = tomllib.loads(path.read_text())
        for key, row in table["settings"].items():
            if row["status"] == "honoured" and row.get("scope", table["scope"]) == "broker":
                keys[key] = row.get("live", "read-only") != "read-only"
    return keys


def observed(case, value, binary):
    settings = dict(case.also)
    if value is not None:
        settings[case.key] = value
    try:
        with running(binary, settings) as node:
            try:
                return case.observe(node)
            except (AssertionError, Closed, OSError) as failure:
                return f"{type(failure).__name__}: {failure}"
    except ServerFailed as failure:
        if "while starting" in str(failure):
            return NO_START
        raise


def check(case, binary):
    for value, expected in case.expected.items():
        found = observed(case, value, binary)
        if found != expected:
            yield f"{case.name}\n    {case.key}={value}: {found!r}, not {expected!r}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    parser.add_argument("keys", nargs="*")
    options = parser.parse_args()
    keys = honoured()
    tested = {case.key for case in STATIC}
    failures = [f"{key} is honoured, and nothing shows it"
                for key, live in keys.items() if not live and key not in tested]
    failures += [f"{key} is not honoured" for key in sorted(tested - set(keys))]
    for case in STATIC:
        if options.keys and case.key not in options.keys:
            continue
        found = list(check(case, options.server))
        print("not ok" if found else "ok", case.name, flush=True)
        failures += found
    for failure in failures:
        print(failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
