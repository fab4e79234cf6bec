#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds every fuzz target with libFuzzer and runs each for a while, as many at once as there are
processors. What a target has learnt stays in build/fuzz/corpus/<target>; the input of a crash is
left in build/fuzz/crashes.
"""

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "fuzz"
OUTPUT_LINES = 60


def build():
    subprocess.run(["tools/configure", "fuzz"], cwd=ROOT, check=True)
    subprocess.run(["ninja", "-C", str(BUILD), "--quiet", "fuzzers"], cwd=ROOT, check=True)


def find_targets(only):
    """Each fuzz target's source, by its name."""
    sources = {path.stem: path for path in sorted((ROOT / "src").rglob("*_fuzz.cc"))}
    return {name: path for name, path in sources.items() if not only or only in name}


def run_target(name, source, seconds):
    corpus = BUILD / "corpus" / name
    crashes = BUILD / "crashes"
    corpus.mkdir(parents=True, exist_ok=True)
    crashes.mkdir(parents=True, exist_ok=True)
    examples = source.parent / f"{name}_corpus"
    command = [str(BUILD / name), f"-max_total_time={seconds}", "-timeout=10",
               "-rss_limit_mb=1024", "-print_final_stats=1", f"-artifact_prefix={crashes}/{name}-",
               str(corpus), *([str(examples)] if examples.is_dir() else [])]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, text=True, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    runs = [line.split()[-1] for line in done.stdout.splitlines()
            if line.startswith("stat::number_of_executed_units")]
    if done.returncode == 0:
        print(f"{name}: {runs[-1] if runs else '?'} runs, no crash", flush=True)
    else:
        tail = "\n".join(done.stdout.splitlines()[-OUTPUT_LINES:])
        print(f"{name}: FAILED\n{tail}", flush=True)
    return done.returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60, help="how long each target runs")
    parser.add_argument("--only", help="only the targets whose name contains this")
    options = parser.parse_args()
    build()
    targets = find_targets(options.only)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        passed = list(pool.map(lambda item: run_target(*item, options.seconds), targets.items()))
    print(f"{passed.count(True)} passed, {passed.count(False)} failed")
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
