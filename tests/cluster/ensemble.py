# SPDX-License-Identifier: Apache-2.0
"""A real ZooKeeper ensemble of Debian's jars, and a client for looking and writing by hand."""

import shutil
import signal
import socket
import struct
import subprocess
import time
from pathlib import Path

CLASS_PATH = "/usr/share/java/zookeeper.jar:/usr/share/java/slf4j-simple.jar"
TICK_MS = 500
PATIENCE_S = 60


class EnsembleFailed(Exception):
    pass


class Server:
    """One server. `host` is the address that clients and the other servers reach it at; `prefix`
    are the words that a command begins with, where it is to run in a network namespace."""

    def __init__(self, directory, number, host, port, prefix=()):
        self.directory = directory / f"zookeeper-{number}"
        self.number = number
        self.host = host
        self.port = port
        self.prefix = list(prefix)
        self.process = None

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    def line(self, election_port):
        return f"server.{self.number}={self.host}:{election_port - 1}:{election_port}"

    def configure(self, servers):
        self.directory.mkdir(parents=True, exist_ok=True)
        lines = [
            f"tickTime={TICK_MS}", "initLimit=20", "syncLimit=10", f"dataDir={self.directory}",
            f"clientPort={self.port}", f"clientPortAddress={self.host}", "maxClientCnxns=0",
            "4lw.commands.whitelist=*", "admin.enableServer=false", "maxSessionTimeout=60000",
        ]
        if len(servers) > 1:
            lines += [server.line(server.port + 2000) for server in servers]
            (self.directory / "myid").write_text(f"{self.number}\n")
        (self.directory / "zoo.cfg").write_text("\n".join(lines) + "\n")

    def start(self):
        command = [
            *self.prefix, "setpriv", "--pdeathsig", "KILL", "java", "-Xmx96m", "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1", "-Dzookeeper.forceSync=no", "-cp", CLASS_PATH,
            "org.apache.zookeeper.server.quorum.QuorumPeerMain", str(self.directory / "zoo.cfg"),
        ]
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)

    def is_serving(self):
        """Whether it answers and has a quorum."""
        try:
            with socket.create_connection((self.host, self.port), 2) as connection:
                connection.settimeout(2)
                connection.sendall(b"srvr")
                answer = b""
                while part := connection.recv(4096):
                    answer += part
        except OSError:
            return False
        return b"Mode:" in answer

    def is_leading(self):
        try:
            with socket.create_connection((self.host, self.port), 2) as connection:
                connection.settimeout(2)
                connection.sendall(b"srvr")
                return b"Mode: leader" in connection.recv(4096)
        except OSError:
            return False

    def signal(self, number):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def kill(self):
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait(PATIENCE_S)


class Ensemble:
    """`places`: of each server its host, port and prefix."""

    def __init__(self, directory, places):
        self.servers = [Server(directory, number + 1, *place)
                        for number, place in enumerate(places)]

    @property
    def connect(self):
        return ",".join(server.address for server in self.servers)

    def start(self):
        for server in self.servers:
            server.configure(self.servers)
            server.start()
        self.wait()

    def wait(self):
        deadline = time.monotonic() + PATIENCE_S
        while not all(server.is_serving() for server in self.servers):
            ended = [server for server in self.servers if server.process.poll() is not None]
            if ended or time.monotonic() > deadline:
                log = (ended or self.servers)[0].directory / "log"
                raise EnsembleFailed(f"ZooKeeper did not come up:\n{log.read_text()[-2000:]}")
            time.sleep(0.05)

    def leader(self):
        if len(self.servers) == 1:
            return self.servers[0]
        return next((server for server in self.servers if server.is_leading()), None)

    def stop(self):
        for server in self.servers:
            server.kill()
            shutil.rmtree(server.directory, ignore_errors=True)


class NoNode(Exception):
    pass


class Client:
    """A session for tests: blocking, one call after the other. It is closed with the connection."""

    ERRORS = {-101: NoNode}
    OPEN_ACL = struct.pack(">ii", 1, 31) + b"\0\0\0\5world\0\0\0\6anyone"

    def __init__(self, host, port, session_timeout_ms=20000):
        self.socket = socket.create_connection((host, port), PATIENCE_S)
        self.socket.settimeout(PATIENCE_S)
        self.number = 0
        self.send(struct.pack(">iqiqi", 0, 0, session_timeout_ms, 0, 16) + bytes(16))
        self.receive()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self.call(-11, b"")
        except OSError:
            pass
        self.socket.close()

    def send(self, payload):
        self.socket.sendall(struct.pack(">i", len(payload)) + payload)

    def exactly(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                raise OSError("ZooKeeper closed the connection")
            data += part
        return data

    def receive(self):
        return self.exactly(struct.unpack(">i", self.exactly(4))[0])

    def call(self, kind, body):
        self.number += 1
        self.send(struct.pack(">ii", self.number, kind) + body)
        answer = self.receive()
        _, _, error = struct.unpack_from(">iqi", answer)
        if error != 0:
            raise self.ERRORS.get(error, OSError)(f"ZooKeeper's error {error}")
        return answer[16:]

    @staticmethod
    def text(value):
        data = value if isinstance(value, bytes) else value.encode()
        return struct.pack(">i", len(data)) + data

    def get(self, path):
        answer = self.call(4, self.text(path) + b"\0")
        size = struct.unpack_from(">i", answer)[0]
        return answer[4 : 4 + max(size, 0)].decode()

    def children(self, path):
        answer = self.call(8, self.text(path) + b"\0")
        count, place, names = struct.unpack_from(">i", answer)[0], 4, []
        for _ in range(count):
            size = struct.unpack_from(">i", answer, place)[0]
            names.append(answer[place + 4 : place + 4 + size].decode())
            place += 4 + size
        return sorted(names)

    def exists(self, path):
        try:
            self.call(3, self.text(path) + b"\0")
        except NoNode:
            return False
        return True

    def create(self, path, value="", is_ephemeral=False):
        for parent in Path(path).parents:
            if str(parent) != "/" and not self.exists(str(parent)):
                self.create(str(parent))
        self.call(1, self.text(path) + self.text(value) + self.OPEN_ACL +
                  struct.pack(">i", 1 if is_ephemeral else 0))

    def set(self, path, value):
        self.call(5, self.text(path) + self.text(value) + struct.pack(">i", -1))

    def delete(self, path):
        self.call(2, self.text(path) + struct.pack(">i", -1))
