#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds and runs all tests, and closes with one line: `N passed, N failed`.

The release build runs every test, the dev build (sanitizers) the unit tests again. A test of ctest
counts as the cases that it reports itself, else as one: GoogleTest's summary, Python's unittest's,
or a line `N passed, N failed` with an optional `, N skipped`. Skipped cases are named, and with
CI=true in the environment they count as failed.
"""

import argparse
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RELEASE_TARGETS = ["all", "all_verify_interface_header_sets"]  # the latter compiles headers alone
OUTPUT_LIMIT = str(4 << 20)
NOISE = re.compile(r"\s+Start\s+\d+: |Internal ctest changing|Test project |Label Time Summary"
                   r"|\w+ += +[\d.]+ sec\*proc|Errors while running CTest"
                   r"|ninja: no work to do|-- (?:GLOB|Configuring|Generating|Build files)|\s*$")

GTEST_SUMMARY = re.compile(r"^\[==========\] \d+ tests? from .* ran\.", re.M)
GTEST_COUNT = re.compile(r"^\[  (PASSED|FAILED|SKIPPED) +\] (\d+) tests?[.,]", re.M)
GTEST_SKIPPED_NAME = re.compile(r"^\[  SKIPPED \] (\S+\.\S+)$", re.M)
UNITTEST_SUMMARY = re.compile(r"^Ran (\d+) tests? in .*\n\n(?:OK|FAILED)(?: \((.*)\))?$", re.M)
UNITTEST_SKIPPED_NAME = re.compile(r"^(\S+) \(.*\.\.\. skipped (.*)$", re.M)
PLAIN_SUMMARY = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.M)
PLAIN_SKIPPED_NAME = re.compile(r"^SKIPPED:? (.+)$", re.M)


class Counts:
    def __init__(self, passed=0, failed=0, skipped=()):
        self.passed = passed
        self.failed = failed
        self.skipped = list(skipped)  # what was skipped, by name

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped


def count_gtest(output):
    """The cases of a GoogleTest program's output, or None if it is not one's."""
    summaries = list(GTEST_SUMMARY.finditer(output))
    if not summaries:
        return None
    numbers = {"PASSED": 0, "FAILED": 0, "SKIPPED": 0}
    tail = output[summaries[-1].end():]
    for kind, number in GTEST_COUNT.findall(tail):
        numbers[kind] = int(number)
    return Counts(numbers["PASSED"], numbers["FAILED"],
                  name_skipped(GTEST_SKIPPED_NAME.findall(tail), numbers["SKIPPED"]))


def count_unittest(output):
    """The cases of a Python unittest's output, or None if it is not one's."""
    summary = UNITTEST_SUMMARY.search(output)
    if not summary:
        return None
    numbers = dict(re.findall(r"(\w+)=(\d+)", summary.group(2) or ""))
    failed, skipped = (sum(int(numbers.get(kind, 0)) for kind in kinds)
                       for kinds in (("failures", "errors"), ("skipped",)))
    return Counts(int(summary.group(1)) - failed - skipped, failed,
                  name_skipped(UNITTEST_SKIPPED_NAME.findall(output), skipped))


def name_skipped(names, number):
    names = [": ".join(name) if isinstance(name, tuple) else name for name in names][:number]
    return names + ["an unnamed case"] * (number - len(names))


def count_plain(output):
    """The cases of a program that closes with `N passed, N failed[, N skipped]`, or None."""
    summaries = PLAIN_SUMMARY.findall(output)
    if not summaries:
        return None
    passed, failed, skipped = (int(number or 0) for number in summaries[-1])
    return Counts(passed, failed, name_skipped(PLAIN_SKIPPED_NAME.findall(output), skipped))


def count_case(name, status, output):
    """What one ctest test amounts to. `status` is JUnit's as ctest writes it."""
    if status in ("disabled", "notrun"):
        return Counts(skipped=[name])
    counts = count_gtest(output) or count_unittest(output) or count_plain(output)
    if counts is None:
        return Counts(passed=int(status == "run"), failed=int(status != "run"))
    counts.skipped = [f"{name}: {what}" for what in counts.skipped]
    # A program that crashed, hung or failed outside its cases is a failure by itself.
    if status != "run" and counts.failed == 0:
        counts.failed = 1
    return counts


def count_junit(path):
    total = Counts()
    for case in xml.etree.ElementTree.parse(path).getroot().iter("testcase"):
        output = case.findtext("system-out") or ""
        total.add(count_case(case.get("name"), case.get("status"), output))
    return total


def run(title, command):
    """Runs a step and returns whether it succeeded. Its output is passed on line by line; a count
    in it is indented, so that the one at the end stays the only one."""
    print(f"== {title}", flush=True)
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, text=True,
                               errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    for line in process.stdout:
        if NOISE.match(line):
            continue
        print(("   " if PLAIN_SUMMARY.match(line) else "") + line, end="", flush=True)
    succeeded = process.wait() == 0
    print(f"== {title}: {'done' if succeeded else 'FAILED'}, {time.monotonic() - start:.0f} s",
          flush=True)
    return succeeded


def build(preset, targets):
    command = 'tools/configure "$0" && exec ninja -C "build/$0" --quiet "$@"'
    return run(f"build {preset}", ["bash", "-c", command, preset, *targets])


def run_ctest(preset, arguments):
    junit = ROOT / "build" / preset / "tests.xml"
    junit.unlink(missing_ok=True)
    succeeded = run(f"test {preset}", [
        "ctest", "--test-dir", f"build/{preset}", "--output-on-failure", "--no-tests=error",
        "--parallel", str(os.cpu_count() or 1), "--test-output-size-passed", OUTPUT_LIMIT,
        "--test-output-size-failed", OUTPUT_LIMIT, "--output-junit", str(junit), *arguments])
    if not junit.exists():
        return Counts(failed=1)
    counts = count_junit(junit)
    if not succeeded and counts.failed == 0:
        counts.failed = 1
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", action="append", help="only these builds: release, dev, ...")
    parser.add_argument("--tests", help="only the tests whose name matches this regular expression")
    options = parser.parse_args()
    only = ["--tests-regex", options.tests] if options.tests else []
    total = Counts()
    built = []
    for preset in options.preset or ["release", "dev"]:
        targets = RELEASE_TARGETS if preset == "release" else ["unit_tests"]
        if build(preset, targets):
            built.append(preset)
        else:
            total.failed += 1
    for preset in built:
        labels = [] if preset == "release" else ["--label-regex", "^unit$"]
        total.add(run_ctest(preset, labels + only))

    for name in total.skipped:
        print(f"skipped: {name}")
    if os.environ.get("CI") == "true":
        total.failed += len(total.skipped)
    print(f"{total.passed} passed, {total.failed} failed")
    return 0 if total.failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
