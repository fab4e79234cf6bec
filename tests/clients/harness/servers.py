# SPDX-License-Identifier: Apache-2.0
"""Servers under test, of every test that starts one in Python: Odradek, or Apache Kafka as the peer
that the test programmes themselves are proven on.
"""

import os
import random
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LAST_LINES = 10
PATIENCE_S = 60

# Below the range from which the kernel takes local ports: a client that reconnects to a server that
# is down could otherwise be given that very port, and meet itself.
PORTS = range(20000, 32000)
# Each once: a server may have several before it listens.
GIVEN_PORTS = set()

# What the clients' programmes need.
SETTINGS = {
    "num.partitions": "2",
    "offsets.topic.num.partitions": "8",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "100",
    "log.segment.bytes": str(1024 * 1024),  # the least: segments roll under the tests' load
}


class ServerFailed(Exception):
    """The server did not start, did not stop, or ended by itself; the message says where its log
    lies.
    """


def free_port():
    if len(GIVEN_PORTS) > len(PORTS) // 2:
        GIVEN_PORTS.clear()
    while True:
        port = random.choice(PORTS)
        if port in GIVEN_PORTS:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                GIVEN_PORTS.add(port)
                return port
            except OSError:
                continue


def answers(port):
    """Whether ApiVersions (key 18, version 0) is answered without an error."""
    request = struct.pack(">hhih", 18, 0, 1, -1)
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            reply = connection.recv(10, socket.MSG_WAITALL)
    except OSError:
        return False
    return len(reply) == 10 and struct.unpack(">iih", reply)[1:] == (1, 0)


class Server:
    """One server with a directory, a port and a log of its own. Only what it started itself is ever
    ended. `settings` lie over `defaults`.
    """

    def __init__(self, directory, settings=None, defaults=SETTINGS):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.settings = {**defaults, **(settings or {})}
        self.port = free_port()
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.data = self.directory / "data"
        self.log = self.directory / "server.log"
        self.process = None

    def command(self):
        raise NotImplementedError

    def environment(self):
        return dict(os.environ)

    def start_without_waiting(self):
        """Starts on the data that is there."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                env=self.environment(),
            )

    def start(self):
        """Starts on the data that is there, and returns once the port answers."""
        self.start_without_waiting()
        deadline = time.monotonic() + PATIENCE_S
        while not answers(self.port):
            if self.process.poll() is not None:
                raise ServerFailed(
                    f"ended with status {self.process.returncode} while starting; {self.said()}"
                )
            if time.monotonic() > deadline:
                raise ServerFailed(f"does not answer after {PATIENCE_S} s; {self.said()}")
            time.sleep(0.02)
        return self

    def said(self):
        """The last of its log, which may be gone when a failure is read."""
        last = self.log.read_text(errors="replace").splitlines()[-LAST_LINES:]
        return "\n    ".join([f"{self.log} ends with", *last])

    def running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        """SIGTERM; returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerFailed(
                f"still there {PATIENCE_S} s after SIGTERM; log: {self.log}"
            ) from None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def resident_mib(self):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0


class Odradek(Server):
    clean_stop_status = 0

    def __init__(self, directory, settings=None, binary=None, defaults=SETTINGS):
        super().__init__(directory, settings, defaults)
        self.binary = Path(binary or ROOT / "build/release/odradek").resolve()

    def command(self):
        settings = {
            "listeners": f"PLAINTEXT://{self.bootstrap}",
            "log.dirs": self.data,
            **self.settings,
        }
        return [str(self.binary), "server"] + [
            part
            for key, value in settings.items()
            if value != ""  # the key is not set
            for part in ("--set", f"{key}={value}")
        ]


class ApacheKafka(Server):
    clean_stop_status = 143  # the JVM's own: it ended by SIGTERM, after its shutdown hooks
    starter = ROOT / "tests/peer/apache-kafka"

    def __init__(self, directory, settings=None):
        super().__init__(directory, settings)
        pairs = [f"{key}={value}" for key, value in self.settings.items()]
        subprocess.run(
            [self.starter, "format", self.directory, str(self.port), str(free_port()), *pairs],
            check=True,
        )

    def command(self):
        return [str(self.starter), "serve", str(self.directory)]
