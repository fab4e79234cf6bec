#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the README's first session against a server of its own, and compares what is printed.

The session is the README's `console` blocks: `$ command`, then the output. `make run` is started in
the background, on a free port and an empty directory, and the other commands are pointed there. In
the output, `…` stands for anything that differs from run to run, and runs of spaces count as one.
"""

import argparse
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ADDRESS = "127.0.0.1:9092"
COMMAND_SECONDS = 30


def read_session(text):
    """The commands of the README's `console` blocks, each with its output's lines."""
    session = []
    for block in re.findall(r"^```console\n(.*?)^```", text, re.M | re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                session.append((line[2:], []))
            else:
                session[-1][1].append(line)
    return session


def free_address():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return "127.0.0.1:%d" % listener.getsockname()[1]


def as_pattern(line):
    words = [".*".join(re.escape(part) for part in word.split("…")) for word in line.split()]
    return r"\s+".join(words)


def differs(expected, output):
    """What is wrong with a command's output, or None."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    if len(lines) != len(expected):
        return f"{len(lines)} lines instead of {len(expected)}"
    for want, line in zip(expected, lines):
        if not re.fullmatch(as_pattern(want), line):
            return f"{line!r} instead of {want!r}"
    return None


class Server:
    """`make run`'s server; leaving the context stops it as Ctrl-C does."""

    def __init__(self, build, address, work):
        self.command = [str(ROOT / "tools/run_node"), str(build / "odradek"), address,
                        str(work / "data")]
        self.log = work / "server.log"
        self.address = address

    def __enter__(self):
        with self.log.open("w") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT)
        deadline = time.monotonic() + COMMAND_SECONDS
        while not self.accepts() and self.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        return self

    def accepts(self):
        host, port = self.address.rsplit(":", 1)
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            return False
        return True

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Session:
    """Where the commands are run, and what stands for it in the README."""

    def __init__(self, build, address, data):
        self.build, self.address, self.data = str(build), address, str(data)

    def run(self, command):
        if "build/release/odradek" in command:
            command += f" --bootstrap-server {ADDRESS}"  # which is its default
        command = command.replace(ADDRESS, self.address).replace("build/release", self.build)
        command = re.sub(r"\bdata/", self.data + "/", command)
        done = subprocess.run(["bash", "-c", command], cwd=ROOT, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=COMMAND_SECONDS)
        return done.returncode, self.as_in_readme(done.stdout)

    def as_in_readme(self, output):
        return output.replace(self.address, ADDRESS).replace(self.data, "./data")


def report(title, problem, output=""):
    print(f"PASS {title}" if problem is None else f"FAIL {title}\n  {problem}\n{output}")
    return problem is None


def check_commands(commands, session):
    for command, expected in commands:
        code, output = session.run(command)
        problem = differs(expected, output) or (f"exit code {code}" if code else None)
        yield report(command, problem, output)


def check_server(expected, server, session):
    log = session.as_in_readme(server.log.read_text())
    start = "\n".join([line for line in log.splitlines() if line.strip()][:len(expected)])
    yield report("make run", differs(expected, start), log)
    code = server.process.returncode
    yield report("the server stops on Ctrl-C", f"exit code {code}" if code else None, log)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    options = parser.parse_args()
    (first, start_lines), *commands = read_session((ROOT / "README.md").read_text())
    assert first == "make run", "the session starts the server first"
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        session = Session(options.build.resolve(), free_address(), work / "data")
        with Server(options.build.resolve(), session.address, work) as server:
            results = list(check_commands(commands, session))
        results += check_server(start_lines, server, session)
    print(f"{results.count(True)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
