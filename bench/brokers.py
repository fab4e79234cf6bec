# SPDX-License-Identifier: Apache-2.0
"""The two brokers that are compared, each with its defaults, on loopback, with an empty directory
of its own. Only what was started here is ended.
"""

import os
import random
import shutil
import socket
import subprocess
import time
from pathlib import Path

from wire import Client

ROOT = Path(__file__).resolve().parent.parent
PEER = ROOT / "tests/peer/apache-kafka"
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PATIENCE_S = 60


def free_port():
    """Below the ports that the kernel gives out: a client that asks again and again whether a
    broker is up could meet itself there.
    """
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Broker:
    """As a context: running inside, ended and its directory removed after it."""

    name = ""
    # What a topic needs to promise what the other broker's topics promise by default.
    page_cache = {}

    def __init__(self, directory):
        self.directory = Path(directory)
        self.port, self.other_port = free_port(), free_port()
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.process = None
        self.format_s = 0.0

    def format(self):
        """What has to be done once before the first start."""

    def command(self):
        raise NotImplementedError

    def spawn(self):
        """Starts, and does not wait for it."""
        with open(self.directory / "server.log", "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def wait_until_it_answers(self):
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                with Client(self.port) as client:
                    return client.api_versions()
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.02)

    def prepare(self):
        self.directory.mkdir(parents=True)
        begun = time.monotonic()
        self.format()
        self.format_s = time.monotonic() - begun
        return self

    def __enter__(self):
        self.prepare().spawn()
        try:
            self.wait_until_it_answers()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def cpu_s(self):
        """User and system time so far."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND

    def resident_kib(self, most=False):
        key = "VmHWM:" if most else "VmRSS:"
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(key):
                return int(line.split()[1])
        raise RuntimeError(f"no {key} of process {self.process.pid}")


class Odradek(Broker):
    name = "Odradek"
    page_cache = {"write.caching": "true"}
    binary = ROOT / "build/release/odradek"

    def command(self):
        settings = (f"listeners=PLAINTEXT://{self.bootstrap}", f"log.dirs={self.directory}/data")
        return [self.binary, "server", "--set", settings[0], "--set", settings[1]]


class ApacheKafka(Broker):
    name = "Apache Kafka 4.3.1"

    def format(self):
        subprocess.run(
            [PEER, "format", self.directory, str(self.port), str(self.other_port)],
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def command(self):
        # The heap that its own start script gives it.
        return ["env", "KAFKA_HEAP=1G", PEER, "serve", self.directory]


BROKERS = (Odradek, ApacheKafka)


def kafka_tool(tool, *arguments, timeout_s=300):
    """Runs one of Apache Kafka's Java tools and returns the last line that it prints."""
    command = [PEER, "tool", f"org.apache.kafka.tools.{tool}", *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=timeout_s, stdin=subprocess.DEVNULL
    )
    if done.returncode != 0:
        raise RuntimeError(f"{tool} ended with {done.returncode}: {done.stderr or done.stdout}")
    return done.stdout.strip().splitlines()[-1]
