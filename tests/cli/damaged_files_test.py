#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Damages the files of log_files/ at random and looks at them with dump-log and metadata-shell:
whatever they say, they end by themselves, with exit code 0 or 1.

usage: damaged_files_test.py --bin DIRECTORY [--seed SEED] [--runs RUNS]
"""

import argparse
import random
import subprocess
import tempfile
from pathlib import Path

LOG_FILES = Path(__file__).parent / "log_files"
DECODERS = {"__consumer_offsets": "--offsets-decoder",
            "__transaction_state": "--transaction-log-decoder",
            "__share_group_state": "--share-group-state-decoder",
            "__cluster_metadata": "--cluster-metadata-decoder"}


def damage(chance, content):
    content = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        if not content:
            break
        place = chance.randrange(len(content))
        kind = chance.randrange(4)
        if kind == 0:
            content[place] ^= 1 << chance.randrange(8)
        elif kind == 1:
            content[place] = chance.choice([0, 0x7F, 0x80, 0xFF])
        elif kind == 2:
            content[place:place + 8] = chance.randbytes(8)
        else:
            del content[place:place + chance.randint(1, 40)]
    return bytes(content)


def commands(binaries, copy):
    topic = copy.parent.name.rpartition("-")[0]
    yield [f"{binaries}/kafka-dump-log", "--files", str(copy),
           DECODERS.get(topic, "--print-data-log")]
    if topic == "__cluster_metadata" and copy.suffix in (".log", ".checkpoint"):
        yield [f"{binaries}/kafka-metadata-shell", "--snapshot", str(copy), "tree", "image"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--runs", type=int, default=400)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    files = [path for path in sorted(LOG_FILES.rglob("*")) if path.is_file()]
    problems = 0
    for number in range(options.runs):
        path = chance.choice(files)
        with tempfile.TemporaryDirectory() as directory:
            copy = Path(directory) / path.parent.name / path.name
            copy.parent.mkdir()
            for other in path.parent.glob("*"):
                if other.is_file():
                    (copy.parent / other.name).write_bytes(other.read_bytes())
            copy.write_bytes(damage(chance, path.read_bytes()))
            for command in commands(options.bin, copy):
                done = subprocess.run(command, capture_output=True, timeout=20)
                if done.returncode not in (0, 1):
                    problems += 1
                    print(f"run {number}, {path.relative_to(LOG_FILES)}: {command[0]} ended with "
                          f"{done.returncode}: {done.stderr[-300:]}")
    print(f"seed {options.seed}: {options.runs} damaged files, {problems} problems")
    raise SystemExit(1 if problems else 0)


if __name__ == "__main__":
    main()
