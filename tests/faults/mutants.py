#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tests bite: with one line of the server made wrong, they turn red.

mutants.py [--check] [NAME…]

Each mutant is one line of a copy of the tree (build/mutants/tree, with the preset `quick`). The
tests that it names must fail with it, all of them, and pass without. `--check` only looks whether
every mutant still fits the code; a NAME, or a part of it, picks mutants.
"""

import argparse
import filecmp
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TREE = ROOT / "build/mutants/tree"
PYTHON = ROOT / "build/clients/venv/bin/python"
SERVER = TREE / "build/quick/odradek"
SECONDS = "20"
# A test that does not end has seen the mutant, too.
LONGEST_S = 900
# A bug of a cluster shows in so many runs of it, most in the first few.
CLUSTER_SEEDS = 60


def unit(programme, cases):
    return [TREE / "build/quick" / programme, f"--gtest_filter={cases}"]


def sim(cases):
    return unit("sim_test", cases)


def campaign(script):
    script = TREE / "tests/faults" / script
    return [PYTHON, "-B", script, "--server", SERVER, "--seconds", SECONDS]


POWER_CUTS = campaign("power_cuts.py")
KILLS = campaign("kills.py")
LOGS = sim("LogPowerCutTest.*")
BROKER = sim("BrokerTest.APowerCut*")

# Whole brokers; three replicas under a controller that is always right; the deciders.
CLUSTER = ["env", f"ODRADEK_SIM_SEEDS={CLUSTER_SEEDS}", *sim("ClusterTest.KeepsItsPromises*")]
REPLICAS = unit("replica_test", "ReplicationModelTest.*")
CONTROLLER = unit("metadata_test", "ControllerModel*")

# name, file, the line as it is (a regular expression), what it becomes, tests that must fail
MUTANTS = (
    (
        "acknowledge before the flush",
        "src/log/partition_log.h",
        r"return writes_are_cached_ \? (answerable_end_offset\(\)) : flushed_end_offset\(\);",
        r"return \1;",
        (BROKER, POWER_CUTS),
    ),
    (
        "skip the torn-tail cut",
        "src/log/log_recovery.cc",
        r"const std::uint64_t valid_bytes = reading\.valid_bytes\(\);",
        r"const std::uint64_t valid_bytes = segment.size();",
        (LOGS, KILLS),
    ),
    (
        "acknowledge before the in-sync set has it",
        "src/replica/leader/in_sync_set.cc",
        r"    end = std::min\(end, follower\.end\);",
        r"",
        (REPLICAS, CLUSTER),
    ),
    (
        "skip truncation",
        "src/replica/partition_follower.cc",
        r"return log_->truncate_to\(to\); \}",
        r"(void)to; return base::Result<>{}; }",
        (REPLICAS, CLUSTER),
    ),
    (
        "a set that is asked to shrink has shrunk",
        "src/replica/leader/in_sync_set.cc",
        r"if \(contains\(assignment_\.in_sync, broker\)\) return true;",
        r"if (contains(assignment_.in_sync, broker) && !open_) return true;",
        (REPLICAS,),
    ),
    (
        "an end is shown before it is known",
        "src/replica/partition_leader.cc",
        r"return !in_sync_ \|\| high_watermark_ >= epoch_start_;",
        r"return true;",
        (CLUSTER,),
    ),
    (
        "accept a fenced broker into an in-sync set",
        "src/metadata/controller/alter_partition.cc",
        r"at != partition\.replicas\.end\(\) && is_live\(image, member\.broker_id\) &&",
        r"at != partition.replicas.end() && broker != nullptr &&",
        (CONTROLLER,),
    ),
)


def changed(name, path, pattern, replacement):
    """The file's text with the mutant in it."""
    text = (ROOT / path).read_text()
    mutated, count = re.subn(pattern, replacement, text)
    if count != 1:
        raise SystemExit(f"mutant '{name}': its line is {count} times in {path}, not once")
    return mutated


def copy_tree():
    """What git knows, as it is now; what did not change keeps its time, so little is built."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, TREE / name
        if source.exists() and not (target.exists() and filecmp.cmp(source, target)):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    # The campaigns' clients lie where they are installed.
    clients = TREE / "build/clients"
    clients.parent.mkdir(exist_ok=True)
    if not clients.exists():
        clients.symlink_to(ROOT / "build/clients")


def build(tests):
    """What the tests are made of."""
    programmes = {part.name for test in tests for part in test
                  if isinstance(part, Path) and part.name.endswith("_test")}
    if any(SERVER in test for test in tests):
        programmes.add("odradek")
    targets = " ".join(sorted(programmes))
    command = f"cmake --preset quick > /dev/null && ninja -C build/quick --quiet {targets}"
    subprocess.run(["bash", "-c", command], cwd=TREE, check=True)


def passes(test):
    words = " ".join(os.path.relpath(part, TREE) if isinstance(part, Path) else part
                     for part in test)
    try:
        done = subprocess.run(test, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=LONGEST_S)
    except subprocess.TimeoutExpired:
        print(f"  red: {words}\n      it did not end within {LONGEST_S} s", flush=True)
        return False
    telling = re.compile(r"VIOLATION|FAIL|.*: Failure|Expected|  Actual|seed")
    lines = [line for line in done.stdout.splitlines() if telling.match(line)]
    print(f"  {'green' if done.returncode == 0 else 'red'}: {words}", flush=True)
    for line in lines[:4]:
        print(f"      {line[:160]}", flush=True)
    return done.returncode == 0


def prove(name, path, pattern, replacement, tests):
    """Returns how many of the tests did not see the mutant."""
    file = TREE / path
    original = file.read_text()
    print(f"{name}: {path}", flush=True)
    file.write_text(changed(name, path, pattern, replacement))
    try:
        build(tests)
        return sum(passes(test) for test in tests)
    finally:
        file.write_text(original)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only whether they fit the code")
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    for name, path, pattern, replacement, _ in MUTANTS:
        changed(name, path, pattern, replacement)
    chosen = [mutant for mutant in MUTANTS
              if not options.names or any(name in mutant[0] for name in options.names)]
    if options.check:
        print(f"{len(MUTANTS)} passed, 0 failed")
        return 0
    copy_tree()
    known = (POWER_CUTS, KILLS, LOGS, BROKER, CLUSTER, REPLICAS, CONTROLLER)
    needed = [test for test in known if any(test in mutant[4] for mutant in chosen)]
    build(needed)
    print("without a mutant", flush=True)
    failed = sum(not passes(test) for test in needed)
    failed += sum(prove(*mutant) for mutant in chosen)
    print("every mutant was seen" if failed == 0 else f"{failed} tests are not as they must be")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
