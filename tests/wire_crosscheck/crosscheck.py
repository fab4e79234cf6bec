#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""crosscheck.py --program P --jars DIR --work DIR [--seed N] [--count N]

Compares our codec with Kafka's own, byte for byte, in both directions, with random messages of
every type and version: what we encode, Kafka must decode and encode to the same bytes; and the
other way round. Kafka's codecs are those of kafka-clients 4.4.0 and 3.9.1 and of the
record types of 4.4.0. One seed makes the same messages again.
"""

import argparse
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def compile_java(jars, work):
    """Two folders: what all class loaders share, and what each of them loads for itself."""
    shared, codec = work / "shared", work / "codec"
    run(["javac", "-d", str(shared), *sources("main")])
    run(["javac", "-d", str(codec), "-cp", f"{shared}:{jars / 'kafka-clients-4.4.0.jar'}",
         *sources("peer")])
    return shared, codec


def sources(folder):
    return [str(path) for path in sorted((HERE / "java" / folder).glob("*.java"))]


def run(command):
    """The output of a command that must succeed."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{command[0]} failed:\n{done.stdout}")
    return done.stdout


def check(command):
    """(passed, failed) of one side, with its output printed."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    summary = re.search(r": (\d+) passed, (\d+) failed$", done.stdout, re.M)
    if summary is None:
        sys.exit(f"{command[0]} failed:\n{done.stdout}")
    print(done.stdout, end="")
    return int(summary[1]), int(summary[2])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--jars", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=10, help="messages a type and version")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    ours, theirs = arguments.work / "ours.bin", arguments.work / "theirs.bin"
    print(f"--seed {arguments.seed} --count {arguments.count}")
    shared, codec = compile_java(arguments.jars, arguments.work)
    run([arguments.program, "generate", str(arguments.seed), str(arguments.count), str(ours)])
    by_kafka = check(["java", "-XX:+UseSerialGC", "-Xmx256m", "-cp", str(shared), "CrossCheck",
                      str(arguments.jars), str(codec), str(arguments.seed), str(ours),
                      str(theirs)])
    by_us = check([arguments.program, "verify", str(theirs)])
    return 0 if all(passed > 0 and failed == 0 for passed, failed in (by_kafka, by_us)) else 1


if __name__ == "__main__":
    sys.exit(main())
