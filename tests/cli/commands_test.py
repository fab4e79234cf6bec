#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every case of cases.py with our commands and compares with recorded.json.

usage: commands_test.py --bin DIRECTORY [--server HOST:PORT]   (else a server of its own)
"""

import argparse
import contextlib
import json
import re
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from cases import CASES, FILES, outcome

HERE = Path(__file__).parent
TIMEOUT_S = 30


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running_server(binaries, directory):
    port = free_port()
    settings = [f"log.dirs={directory}/data", f"listeners=PLAINTEXT://127.0.0.1:{port}",
                "node.id=1", "group.initial.rebalance.delay.ms=0"]
    command = [f"{binaries}/../odradek", "server"]
    for setting in settings:
        command += ["--set", setting]
    with open(f"{directory}/server.log", "w+") as log:
        with subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT) as server:
            try:
                while "serves" not in Path(log.name).read_text():
                    if server.poll() is not None:
                        raise SystemExit(f"the server ended: {Path(log.name).read_text()}")
                yield f"127.0.0.1:{port}"
            finally:
                server.send_signal(signal.SIGTERM)
                server.wait(TIMEOUT_S)


def run(command, stdin=""):
    return subprocess.run(command, input=stdin, text=True, capture_output=True, timeout=TIMEOUT_S)


def compare_all(binaries, server, directory):
    recorded = json.loads((HERE / "recorded.json").read_text())
    expected_names = [f"{number} {case.name}" for number, case in enumerate(CASES)]
    if list(recorded) != expected_names:
        return ["recorded.json is of other cases: run record.py"]
    problems = []
    for number, case in enumerate(CASES):
        # Every other case under the name with .sh.
        program = f"{binaries}/{case.tool}{'.sh' if number % 2 else ''}"
        done = run([program, *case.words(server, directory)], case.stdin)
        actual = outcome(case, done.returncode, done.stdout, done.stderr)
        expected = recorded[f"{number} {case.name}"]
        if actual != expected:
            problems.append(f"{number} {case.name}\n  Kafka: {expected}\n  ours:  {actual}")
    return problems


def own_behaviour(binaries, server):
    """What has no counterpart in Kafka's tools."""
    odradek = f"{binaries}/../odradek"
    nowhere = f"127.0.0.1:{free_port()}"

    def refused(name, command, pattern):
        done = run(command)
        said = done.stdout + done.stderr
        if done.returncode != 1 or not re.search(pattern, said):
            return [f"{name}: exit {done.returncode}, {said!r}"]
        return []

    def accepted(name, command, pattern, stdin=""):
        done = run(command, stdin)
        if done.returncode != 0 or not re.search(pattern, done.stdout):
            return [f"{name}: exit {done.returncode}, {done.stdout!r} {done.stderr!r}"]
        return []

    missing = rf"{nowhere}.*refused"
    problems = []
    for tool, rest in [("kafka-topics", ["--list"]), ("kafka-consumer-groups", ["--list"]),
                       ("kafka-console-consumer", ["--topic", "t"]),
                       ("kafka-console-producer", ["--topic", "t"])]:
        command = [f"{binaries}/{tool}", "--bootstrap-server", nowhere, *rest]
        problems += refused(f"{tool}: no server", command, missing)
    problems += refused("a flag that is not known",
                        [f"{binaries}/kafka-topics", "--partition", "1"],
                        r"partition is not a recognized option\nThe nearest one is --partitions")
    problems += refused("a command that is not known", [odradek, "topcs"], "nearest one is topics")
    problems += accepted("the overview", [odradek, "--help"], r"groups +kafka-consumer-groups")
    problems += accepted("a command's help", [odradek, "groups", "--help"], "--reset-offsets")
    problems += accepted("the version", [odradek, "--version"], r"^\d+\.\d+\.\d+ ")
    at = ["-b", server]
    problems += accepted("create by words", [odradek, "topics", "create", "mine", *at],
                         "Created topic mine.")
    problems += accepted("produce by words", [odradek, "produce", "mine", *at], "^$", "hello\n")
    problems += accepted("consume by words",
                         [odradek, "consume", "mine", "--from-beginning", "-n", "1", *at],
                         "^hello$")
    problems += refused("a line that is wrong", [odradek, "produce", "mine", *at,
                                                 "--reader-property", "headers.separator=\t"],
                        "headers.delimiter and headers.separator may not be equal")
    bad = run([odradek, "produce", "mine", "--reader-property", "parse.key=true", *at],
              "a\tb\nnone\n")
    if bad.returncode != 1 or not re.search(r"line number 2.*1 records were acknowledged",
                                            bad.stderr):
        problems.append(f"a bad line: exit {bad.returncode}, {bad.stderr!r}")
    return problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--server")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        for name, content in FILES.items():
            (Path(directory) / name).write_text(content)
        server = (contextlib.nullcontext(options.server) if options.server
                  else running_server(options.bin, directory))
        with server as address:
            problems = compare_all(options.bin, address, directory)
            problems += own_behaviour(options.bin, address)
    for problem in problems:
        print(problem)
    print(f"{len(CASES)} command lines compared, {len(problems)} problems")
    raise SystemExit(1 if problems else 0)


if __name__ == "__main__":
    main()
