#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kmsg_crosscheck.py --program P --work DIR [--seed N] [--count N]

Compares our codec with kmsg, the codec of the Go client franz-go, byte for byte, in both
directions, with random messages of every type and version that we have. Where kmsg lacks something
or differs, kmsg_gaps.txt says so; what it lists and what is found must be the same. The gaps belong
to the seed and the count that are the defaults.
"""

import argparse
import collections
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
FINDING = re.compile(r"(\w+) version (\d+): (.*)")
WRITTEN = "kmsg writes it differently"  # the gap for all that we read in another way
SUMMARY = re.compile(r": (\d+) passed, (\d+) failed$", re.M)


def build(work):
    program = work / "kmsgcheck"
    subprocess.run(["go", "build", "-o", program, "."], cwd=HERE / "go", check=True)
    return program


def run(command, side, found):
    """The number of messages that are the same; adds to `found` the versions by (type, what)."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    summary = SUMMARY.search(done.stdout)
    if summary is None:
        sys.exit(f"{command[0]} failed:\n{done.stdout}")
    for name, version, what in FINDING.findall(done.stdout):
        found[name, side(what)].add(int(version))
    return int(summary[1])


def lines(found):
    """One a type and gap, with the first and the last version: `Name 0-2: what`."""
    for (name, what), versions in found.items():
        low, high = min(versions), max(versions)
        yield f"{name} {low}: {what}" if low == high else f"{name} {low}-{high}: {what}"


def listed():
    text = (HERE / "kmsg_gaps.txt").read_text()
    return [line for line in (line.split("#")[0].strip() for line in text.splitlines()) if line]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=10, help="messages a type and version")
    arguments = parser.parse_args()
    work = arguments.work
    work.mkdir(parents=True, exist_ok=True)
    ours, theirs = work / "ours.bin", work / "theirs.bin"
    seed = str(arguments.seed)
    kmsgcheck = build(work)
    subprocess.run([arguments.program, "generate", seed, str(arguments.count), ours], check=True)
    found = collections.defaultdict(set)
    same = run([kmsgcheck, seed, ours, theirs], lambda what: what, found)
    same += run([arguments.program, "verify", theirs], lambda _: WRITTEN, found)
    gaps, wanted = list(lines(found)), listed()
    problems = [f"not in kmsg_gaps.txt: {line}" for line in gaps if line not in wanted]
    problems += [f"in kmsg_gaps.txt, but not so: {line}" for line in wanted if line not in gaps]
    print("\n".join([*problems, f"{len(gaps)} gaps, {len(wanted)} listed"]))
    print(f"{same} passed, {len(problems)} failed")
    return 0 if same > 0 and not problems else 1


if __name__ == "__main__":
    sys.exit(main())
