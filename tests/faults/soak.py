#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The fault campaigns, one after the other and again, as long as asked, from one seed.

soak.py [--seconds 3600] [--seed N] [--only NAME]… [--build build/release]

Each turn gives every campaign a seed that follows from the first one and a share of the time, in
an order that is drawn; the first turn is made whole, however long that takes. What a campaign that
fails says is printed whole, with the command that repeats it. `--list` names the campaigns.
"""

import argparse
import json
import os
import random
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOST_SECONDS_A_TURN = 300
LEAST_SECONDS_A_TURN = 15
PYTHON = ROOT / "build/clients/venv/bin/python"
WORTH_A_LINE = re.compile(r"PASS|FAIL|VIOLATION|SKIPPED|seed |.* (?:acknowledged|lost|cuts|kills)")


def seeds(programme, cases, a_second):
    """A GoogleTest programme of the simulation, with so many seeds for each second."""
    variables = "ODRADEK_SIM_FIRST_SEED={seed} ODRADEK_SIM_SEEDS={count:%s}" % a_second
    return f"env {variables} {{build}}/{programme} --gtest_filter={shlex.quote(cases)}"


# name → command.
SIMULATED = {
    "sim-logs": seeds("sim_test", "LogPowerCutTest.WhatWas*", 60),
    "sim-broker": seeds("sim_test", "BrokerTest.APowerCut*:BrokerTest.AFailedFlush*", 20),
    "sim-cluster": seeds("sim_test", "ClusterTest.KeepsItsPromises*", 1.5),
    "sim-cluster-stories": seeds("sim_test", "ClusterScriptTest.*", 0.02),
    "sim-failing-calls": seeds("sim_test", "*FailingCallsTest*", 0.02),
    "sim-one-log": seeds("log_test", "PartitionLogCrash.*", 100),
    "sim-compaction": seeds("log_test", "CompactionModel.*", 25),
    "sim-moves": seeds("log_test", "MoveCrash.*", 50),
    "sim-partitions": seeds("replica_test", "PartitionPowerCut.*", 100),
    "sim-full-disk": seeds("replica_test", "PartitionFullTest.Nothing*", 80),
}

# Of a number of rounds, not of seconds.
MOVES = ("{python} -B tests/move/move_test.py --build {build} --seed {seed}"
         " --rounds {count:0.2} --kills {count:0.1} Move.test_moves_under_load_and_kills")

CLUSTER = {
    "cluster": ("{python} -B tests/cluster/faults.py --server {build}/odradek --seed {seed}"
                " --seconds {seconds} --zookeepers 3 --programmes java,go --dump"),
    "cluster-power": ("{python} -B tests/cluster/faults.py --server {build}/odradek --seed {seed}"
                      " --seconds {seconds} --programmes java,go --power"),
    "cluster-moves": ("{python} -B tests/cluster/faults.py --server {build}/odradek --seed {seed}"
                      " --seconds {seconds} --zookeepers 3 --programmes java,go --dump"
                      " --brokers 4"),
    "cluster-plain": ("{python} -B tests/cluster/plain.py --server {build}/odradek --seed {seed}"
                      " --dump"),
}


def campaigns(build):
    """The simulated ones, and each slice that `make test` runs: a test of label `faults` whose
    command has --seconds."""
    command = ["ctest", "--test-dir", build, "--label-regex", "^faults$", "--show-only=json-v1"]
    listed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    found = {**SIMULATED, "move": MOVES, **CLUSTER}
    for test in json.loads(listed)["tests"]:
        words = test.get("command", [])
        if "--seconds" not in words:
            continue
        words[words.index("--seconds") + 1] = "{seconds}"
        words[words.index("--seed") + 1] = "{seed}"
        found[test["name"]] = shlex.join(words).replace("'", "")
    return found


class Turn(dict):
    """Fills {count:R}: R a second."""

    class Count(float):
        def __format__(self, rate):
            return str(max(1, int(self * float(rate))))

    def __init__(self, build, seed, seconds):
        super().__init__(build=build, python=PYTHON, seed=seed, seconds=f"{seconds:.0f}",
                         count=Turn.Count(seconds))


def run(name, command):
    """Whether it went well. What it did is printed."""
    print(f"== {name}: {command}", flush=True)
    started = time.monotonic()
    done = subprocess.run(shlex.split(command), stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT)
    lines = done.stdout.splitlines()
    went_well = done.returncode == 0
    for line in lines if not went_well else filter(WORTH_A_LINE.match, lines):
        print(f"   {line}")
    print(f"   {'went well' if went_well else 'FAILED'}, {time.monotonic() - started:.0f} s",
          flush=True)
    if not went_well:
        print(f"   again: {command}", flush=True)
    return went_well


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--only", action="append")
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    known = campaigns(options.build)
    if options.list:
        print("\n".join(known))
        return 0
    seed = random.SystemRandom().randrange(1 << 31) if options.seed is None else options.seed
    names = options.only or list(known)
    share = options.seconds / len(names)
    turns = max(1, round(share / MOST_SECONDS_A_TURN))
    seconds = max(LEAST_SECONDS_A_TURN, share / turns)
    print(f"soak: seed {seed}, {options.seconds:.0f} s: {', '.join(names)}", flush=True)
    end = time.monotonic() + options.seconds
    rng = random.Random(seed)
    done = dict.fromkeys(names, 0)
    failed = []
    is_first = True
    while (is_first or time.monotonic() < end) and not failed:
        for name in rng.sample(names, len(names)):
            turn = Turn(options.build.resolve(), rng.randrange(1 << 31), seconds)
            if not is_first and time.monotonic() >= end:
                break
            done[name] += 1
            if not run(name, known[name].format_map(turn)):
                failed.append(name)
        is_first = False
    times = ", ".join(f"{name} {count}" for name, count in done.items())
    print(f"soak: seed {seed}, turns: {times}")
    print(f"{sum(done.values()) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    os.environ.setdefault("CI", "true")  # what cannot run fails: nothing is left out in silence
    sys.exit(main())
