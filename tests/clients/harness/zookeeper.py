# SPDX-License-Identifier: Apache-2.0
"""A ZooKeeper server of its own, and as much of its protocol as it takes to look at the tree."""

import atexit
import base64
import functools
import hashlib
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path

from .servers import ServerFailed, free_port

CLASS_PATH = "/usr/share/java/zookeeper.jar:/usr/share/java/slf4j-simple.jar"
PATIENCE_S = 30
EXISTS, GET_DATA, GET_ACL, GET_CHILDREN, CREATE, DELETE, AUTH = 3, 4, 6, 8, 1, 2, 100
NO_NODE = -101


class ZooKeeper:
    """Debian's server, alone, with a small heap and short ticks."""

    def __init__(self, tick_ms=500):
        self.directory = Path(tempfile.mkdtemp(prefix="odradek-zookeeper-"))
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        (self.directory / "zoo.cfg").write_text(
            f"tickTime={tick_ms}\ndataDir={self.directory}/data\nclientPort={self.port}\n"
            "admin.enableServer=false\nmaxClientCnxns=0\n")
        self.process = None

    def start(self):
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen(
                ["java", "-Xmx96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                 "-Dzookeeper.admin.enableServer=false", "-Dzookeeper.forceSync=no",
                 "-cp", CLASS_PATH, "org.apache.zookeeper.server.quorum.QuorumPeerMain",
                 str(self.directory / "zoo.cfg")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                Session(self.address).close()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise ServerFailed(f"no ZooKeeper; log: {self.directory}/log") from None
                time.sleep(0.05)

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def remove(self):
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


class Session:
    """One session; paths are absolute. An answer that is an error is OSError, but for no node."""

    def __init__(self, address, timeout_ms=6000):
        host, port = address.split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        self.number = 0
        self.send(struct.pack(">iqiqi", 0, 0, timeout_ms, 0, 16) + bytes(16))
        _, self.timeout_ms, self.id = struct.unpack(">iiq", self.receive()[:16])
        if self.timeout_ms <= 0:
            raise OSError("no session")

    def send(self, body):
        self.socket.sendall(struct.pack(">i", len(body)) + body)

    def receive(self):
        (size,) = struct.unpack(">i", self.exactly(4))
        return self.exactly(size)

    def exactly(self, size):
        found = b""
        while len(found) < size:
            part = self.socket.recv(size - len(found))
            if not part:
                raise OSError("closed")
            found += part
        return found

    def call(self, kind, body):
        self.number = -4 if kind == AUTH else max(self.number, 0) + 1
        self.send(struct.pack(">ii", self.number, kind) + body)
        answer = self.receive()
        _, _, error = struct.unpack(">iqi", answer[:16])
        if error == NO_NODE:
            return None
        if error != 0:
            raise OSError(f"ZooKeeper's error {error}")
        return answer[16:]

    @staticmethod
    def text(value):
        data = value.encode()
        return struct.pack(">i", len(data)) + data

    def authenticate(self, credentials):
        self.call(AUTH, struct.pack(">i", 0) + self.text("digest") + self.text(credentials))

    def get(self, path):
        """The node's bytes; nothing where it is not there."""
        answer = self.call(GET_DATA, self.text(path) + b"\0")
        if answer is None:
            return None
        (size,) = struct.unpack(">i", answer[:4])
        return answer[4:4 + max(size, 0)]

    def owner(self, path):
        """The session whose node it is; 0: nobody's."""
        answer = self.call(EXISTS, self.text(path) + b"\0")
        return None if answer is None else struct.unpack(">qqqqiiiq", answer[:52])[7]

    def children(self, path):
        answer = self.call(GET_CHILDREN, self.text(path) + b"\0")
        if answer is None:
            return None
        (count,) = struct.unpack(">i", answer[:4])
        names, place = [], 4
        for _ in range(count):
            (size,) = struct.unpack(">i", answer[place:place + 4])
            names.append(answer[place + 4:place + 4 + size].decode())
            place += 4 + size
        return sorted(names)

    def schemes(self, path):
        """Of the access list."""
        answer = self.call(GET_ACL, self.text(path))
        (count,) = struct.unpack(">i", answer[:4])
        found, place = [], 4
        for _ in range(count):
            place += 4
            words = []
            for _ in range(2):
                (size,) = struct.unpack(">i", answer[place:place + 4])
                words.append(answer[place + 4:place + 4 + size].decode())
                place += 4 + size
            found.append(":".join(words))
        return sorted(found)

    def create(self, path, data=b"", is_ephemeral=False):
        acl = struct.pack(">ii", 1, 31) + self.text("world") + self.text("anyone")
        self.call(CREATE, self.text(path) + struct.pack(">i", len(data)) + data + acl +
                  struct.pack(">i", is_ephemeral))

    def delete(self, path):
        self.call(DELETE, self.text(path) + struct.pack(">i", -1))

    def close(self):
        self.socket.close()


def digest_identity(credentials):
    """As an access list names user:password."""
    user = credentials.split(":")[0]
    digest = base64.b64encode(hashlib.sha1(credentials.encode()).digest()).decode()
    return f"digest:{user}:{digest}"


@functools.cache
def shared():
    """One for all tests of this process."""
    server = ZooKeeper().start()
    atexit.register(server.remove)
    return server
