#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the whole tree against .clang-format and .clang-tidy; every finding is an error.

clang-tidy reads how each file is compiled from the fuzz preset's build, clang's own; of it only the
code generation for `wire` is run, nothing is compiled.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "fuzz"
NOISE = re.compile(r"\s*$|Running clang-tidy|\[ *\d+/\d+\]|\d+ warnings? generated|Enabled checks")


def check_format():
    listing = subprocess.run(["git", "ls-files", "*.cc", "*.h"], cwd=ROOT, check=True, text=True,
                             capture_output=True)
    done = subprocess.run(["clang-format-19", "--dry-run", *listing.stdout.split()], cwd=ROOT,
                          text=True, capture_output=True)
    for name in sorted(set(re.findall(r"^(\S+?):\d+:", done.stderr, re.M))):
        print(f"{name} is not formatted (`make format`)")
    return done.returncode == 0 and not done.stderr


def check_tidy(only):
    subprocess.run(["tools/configure", "fuzz"], cwd=ROOT, check=True)
    subprocess.run(["ninja", "-C", str(BUILD), "--quiet", "generated"], cwd=ROOT, check=True)
    command = ["run-clang-tidy-19", "-quiet", "-p", str(BUILD), "-j", str(os.cpu_count() or 1),
               "-header-filter", f"{ROOT}/src/.*", *only]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    for line in process.stdout:
        if not NOISE.match(line):
            print(line, end="", flush=True)
    return process.wait() == 0


def main():
    formatted = check_format()
    tidy = check_tidy(sys.argv[1:] or [f"^{ROOT}/(src|tests|tools)/.*"])
    return 0 if formatted and tidy else 1


if __name__ == "__main__":
    sys.exit(main())
