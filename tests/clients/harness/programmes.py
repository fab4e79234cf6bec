# SPDX-License-Identifier: Apache-2.0
"""The client programmes: how each is started, and how its lines become results."""

import contextlib
import subprocess
import sys
import threading
import time
from pathlib import Path

from harness.servers import ROOT

CLIENTS = ROOT / "tests/clients"
BUILD = ROOT / "build/clients"
QUIET = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"
LIGHT = [
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xmx768M",
]  # a short-lived JVM is mostly start-up
TIMEOUT_S = 300
REASON_LIMIT = 400  # characters of a failure's reason that are printed


def java(classes, jars):
    return ["java", *LIGHT, QUIET, "-cp", f"{BUILD / classes}:{jars}/*", "Main"]


def python(library):
    return [str(BUILD / "venv/bin/python"), str(CLIENTS / "python/main.py"), library]


def node(folder, library):
    packages = f"NODE_PATH={BUILD / folder / 'node_modules'}"
    return ["env", packages, "node", str(CLIENTS / "node/main.js"), library]


# Name of the client → the command that its arguments (BOOTSTRAP PREFIX COMMAND [ARGUMENT…]) are
# appended to.
COMMANDS = {
    "java": java("java-current", ROOT / "build/peer/jars"),
    "java-2.2": java("java-old", BUILD / "old-jars"),
    "python": python("confluent"),
    "kafka-python": python("pure_python"),
    "aiokafka": python("asynchronous"),
    "go": [str(BUILD / "go-client"), "franz-go"],
    "sarama": [str(BUILD / "go-client"), "sarama"],
    "kafka-go": [str(BUILD / "go-client"), "kafka-go"],
    "node": node("node", "kafkajs"),
    "node-confluent": node("node-confluent", "confluent"),
    "php": ["php", "-d", "ffi.enable=1", "-d", "memory_limit=1G", str(CLIENTS / "php/main.php")],
    "rust": [str(BUILD / "rust/release/rust-client")],
    "console-2.2": [sys.executable, str(CLIENTS / "console/main.py"), str(BUILD / "old-tools")],
    "kcat": [sys.executable, str(CLIENTS / "kcat/main.py")],
}


class Results:
    """Counts and prints what passed and failed; safe to use from several threads."""

    def __init__(self):
        self.passed = 0
        self.failed = []
        self.lock = threading.Lock()

    def add(self, name, failure=None):
        with self.lock:
            if failure is None:
                self.passed += 1
                print(f"PASS {name}", flush=True)
            else:
                self.failed.append(name)
                print(f"FAIL {name}: {str(failure)[:REASON_LIMIT]}", flush=True)


class Programme:
    """One run of a client programme. It must print `END` and exit with 0, or the run itself counts
    as a failure.
    """

    all = []  # every run there was, so that none outlives the tests (end_all)
    before = ()  # words before the command

    def __init__(self, results, logs, client, bootstrap, prefix, *arguments):
        self.results = results
        self.client = client
        self.name = f"{client} {arguments[0]}"
        self.errors = Path(logs) / f"{prefix}.stderr"
        self.digest = None
        self.ended = False
        self.started = time.monotonic()
        self.checks = set()
        self.gaps = set()
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(
                [*self.before, *COMMANDS[client], bootstrap, prefix, *map(str, arguments)],
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        self.watchdog = threading.Timer(TIMEOUT_S, self.process.kill)
        self.watchdog.start()
        Programme.all.append(self)

    @classmethod
    def end_all(cls):
        for programme in cls.all:
            programme.watchdog.cancel()
            if programme.process.poll() is None:
                programme.process.kill()

    def lines(self):
        """The lines that are for the caller; results are taken out and counted on the way."""
        for line in self.process.stdout:
            verdict, _, rest = line.rstrip("\n").partition(" ")
            name, _, why = rest.partition(": ")
            if verdict == "PASS":
                self.checks.add(rest)
                self.results.add(f"{self.client}: {rest}")
            elif verdict == "FAIL":
                self.checks.add(name)
                self.results.add(f"{self.client}: {name}", why)
            elif verdict == "GAP":
                self.gaps.add(name)
                print(f"GAP  {self.client}: {name}: {why}", flush=True)
            elif verdict == "DIGEST":
                self.digest = rest
            elif verdict == "END":
                self.ended = True
            else:
                yield line.rstrip("\n")

    def tell(self, line):
        """One that has ended is not told; finish() says why it did."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()

    def finish(self):
        """Reads to the end, and holds the programme to its word."""
        for line in self.lines():
            print(f"     {self.name}: {line}", flush=True)
        status = self.process.wait()
        print(f"     {self.name}: {time.monotonic() - self.started:.1f} s", flush=True)
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()
        self.watchdog.cancel()
        if status != 0 or not self.ended or not self.checks:
            tail = " | ".join(self.errors.read_text(errors="replace").splitlines()[-3:])
            found = f"status {status}, {len(self.checks)} checks; {tail}"
            self.results.add(f"{self.name} runs to its end", found)
        return self
