#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the command lines of cases/<tool>.py with our commands, each tool against a server of its
own, and compares with what recorded/<tool>.json says that Kafka's tools answered.

usage: commands_test.py --bin DIRECTORY [--tools a,b]
"""

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from case import run_until, tools

sys.path.append(str(Path(__file__).resolve().parents[1] / "clients"))
from harness.servers import Odradek  # noqa: E402

TIMEOUT_S = 30
# Neither the terminal of whoever runs this nor their taste.
ENVIRONMENT = {**{key: value for key, value in os.environ.items() if key != "NO_COLOR"},
               "TZ": "UTC"}


@contextlib.contextmanager
def running_server(binaries, directory, settings):
    """Yields its address."""
    server = Odradek(directory, {"node.id": "1", **settings}, f"{binaries}/../odradek", defaults={})
    server.start()
    try:
        yield server.bootstrap
    finally:
        server.stop()


def run(command, stdin=""):
    return subprocess.run(command, input=stdin, text=True, capture_output=True, timeout=TIMEOUT_S,
                          env=ENVIRONMENT)


def run_line(command, line):
    """The exit code, stdout and stderr of a Case or a Native."""
    if line.until:
        return run_until(command, line.until, TIMEOUT_S, env=ENVIRONMENT)
    done = run(command, line.stdin)
    return done.returncode, done.stdout, done.stderr


def compare(tool, binaries, server, directory):
    """The cases whose answer differs from Kafka's."""
    recorded = json.loads(tool.recording.read_text()) if tool.cases else {}
    if list(recorded) != [f"{number} {case.name}" for number, case in enumerate(tool.cases)]:
        return [f"{tool.recording.name} is of other cases: run record.py --tools {tool.name}"]
    problems = []
    for number, case in enumerate(tool.cases):
        # Every other case under the name with .sh.
        program = f"{binaries}/{case.tool}{'.sh' if number % 2 else ''}"
        command = [program, *case.words(server, directory)]
        actual = tool.outcome(case, *run_line(command, case))
        expected = recorded[f"{number} {case.name}"]
        if actual != expected:
            problems.append(f"{number} {case.name}\n  Kafka: {expected}\n  ours:  {actual}")
    return problems


def check_native(tool, binaries, server, directory):
    """The lines without a counterpart in Kafka's tools that answer something else."""
    problems = []
    for line in tool.native:
        program = f"{binaries}/../odradek" if line.program == "odradek" else (
            f"{binaries}/{line.program}")
        exit_code, stdout, stderr = run_line([program, *line.words(server, directory)], line)
        if (exit_code != line.exit or not re.search(line.stdout, stdout)
                or not re.search(line.stderr, stderr)):
            problems.append(f"{line.name}: exit {exit_code}\n  {stdout!r}\n"
                            f"  {stderr!r}\n  wanted: {line}")
    return problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--tools", help="only these, separated by commas")
    options = parser.parse_args()
    lines = 0
    problems = []
    for tool in tools(options.tools):
        with tempfile.TemporaryDirectory() as directory:
            tool.write_files(directory)
            with running_server(options.bin, directory, tool.settings) as server:
                problems += compare(tool, options.bin, server, directory)
                problems += check_native(tool, options.bin, server, directory)
        lines += len(tool.cases) + len(tool.native)
    for problem in problems:
        print(problem)
    print(f"{lines} command lines, {len(problems)} problems")
    raise SystemExit(1 if problems else 0)


if __name__ == "__main__":
    main()
