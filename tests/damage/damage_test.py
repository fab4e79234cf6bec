#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files that are damaged while the server is down: bits flipped, bytes cut, zeroed or appended, in
every kind of file, after a clean stop and after kill -9.

Usage: damage_test.py <build directory> [--seed N] [--seconds S | --count N] [--keep]

After each damage the server starts, or refuses with a sentence that names the file. Every byte that
it then serves is one that was written at that offset, what is not damaged is served, what is
damaged is answered with CORRUPT_MESSAGE, and appending goes on behind the last offset. `odradek log
check` finds nothing wrong in the end, after `odradek log repair` where the log itself was damaged.
"""

import argparse
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "clients"))
from harness.servers import Odradek, ServerFailed  # noqa: E402

TOPIC = "damaged"
PARTITION = f"{TOPIC}-0"
RECORDS = 2600
CORRUPT_MESSAGE = 2
TOOL_TIMEOUT_S = 60
FETCH_BYTES = 256 * 1024

SEGMENT_FILES = [".log", ".log", ".log", ".index", ".timeindex"]
PARTITION_FILES = ["leader-epoch-checkpoint", "partition.metadata", ".snapshot"]
DIRECTORY_FILES = ["recovery-point-offset-checkpoint", "log-start-offset-checkpoint",
                   "replication-offset-checkpoint", "meta.properties", ".kafka_cleanshutdown"]


class Wrong(Exception):
    """The server did what it must not."""


class Connection:
    """Just enough of the protocol to see what a consumer is sent, byte by byte."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.correlation = 0

    def close(self):
        self.socket.close()

    def call(self, key, version, body):
        self.correlation += 1
        request = struct.pack(">hhih", key, version, self.correlation, -1) + body
        self.socket.sendall(struct.pack(">i", len(request)) + request)
        size = struct.unpack(">i", self.read(4))[0]
        answer = self.read(size)
        assert struct.unpack(">i", answer[:4])[0] == self.correlation
        return answer[4:]

    def read(self, count):
        parts = []
        while count > 0:
            part = self.socket.recv(min(count, 1 << 20))
            if not part:
                raise Wrong("the server closed the connection")
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def fetch(self, offset, max_bytes):
        """Error code, high watermark, bytes: Fetch version 4 of one partition."""
        name = TOPIC.encode()
        body = struct.pack(">iiiib", -1, 100, 1, max_bytes, 0)
        body += struct.pack(">ih", 1, len(name)) + name
        body += struct.pack(">iiqi", 1, 0, offset, max_bytes)
        answer = self.call(1, 4, body)
        at = 4 + 4 + 2 + len(name) + 4
        _, error, high_watermark, _, aborted = struct.unpack_from(">ihqqi", answer, at)
        at += 26 + max(aborted, 0) * 16
        size = struct.unpack_from(">i", answer, at)[0]
        return error, high_watermark, answer[at + 4:at + 4 + max(size, 0)]


def batches_of(data):
    """(base offset, next offset, bytes) of each whole batch."""
    at = 0
    while len(data) - at >= 61:
        base, length = struct.unpack_from(">qi", data, at)
        if length < 49 or at + 12 + length > len(data):
            return
        delta = struct.unpack_from(">i", data, at + 23)[0]
        yield base, base + delta + 1, data[at:at + 12 + length]
        at += 12 + length


def segments(partition):
    return sorted(partition.glob("*.log"))


class Original:
    """A data directory as a server left it, and the batches in it."""

    def __init__(self, build, directory, is_clean):
        self.is_clean = is_clean
        server = new_server(build, directory)
        server.start()
        tool(build, server, "kafka-topics", "--create", "--topic", TOPIC,
             "--config", "segment.bytes=1048576")
        produce(build, server, RECORDS)
        if is_clean:
            server.stop()
        else:
            server.kill()
        self.data = server.data
        self.batches = {}
        for segment in segments(self.data / PARTITION):
            for base, end, content in batches_of(segment.read_bytes()):
                self.batches[base] = (end, content)
        self.end = max(end for end, _ in self.batches.values())
        if self.end != RECORDS:
            raise Wrong(f"{self.end} records instead of {RECORDS} in {self.data}")


def new_server(build, directory):
    return Odradek(directory, {"node.id": "1"}, build / "odradek", defaults={})


def tool(build, server, name, *arguments, stdin=""):
    command = [build / "bin" / name, "--bootstrap-server", server.bootstrap, *arguments]
    done = subprocess.run(command, input=stdin, text=True, capture_output=True,
                          timeout=TOOL_TIMEOUT_S)
    if done.returncode != 0:
        raise Wrong(f"{name} {arguments}: {done.stdout}{done.stderr}")
    return done.stdout


def produce(build, server, count):
    tool(build, server, "kafka-producer-perf-test", "--topic", TOPIC, "--num-records", str(count),
         "--record-size", "1000", "--throughput", "-1", "--producer-props", "batch.size=4000",
         "linger.ms=1", "compression.type=none", f"bootstrap.servers={server.bootstrap}")


def log_tool(build, verb, path):
    return subprocess.run([build / "odradek", "log", verb, path, "--output", "plain"], text=True,
                          capture_output=True, timeout=TOOL_TIMEOUT_S)


def spoil(rng, content):
    """Another content, and what was done."""
    if not content:
        return bytes(rng.randrange(256) for _ in range(rng.randint(1, 200))), "garbage in an empty"
    kind = rng.choice(["flip", "flip", "cut", "zero", "append", "remove", "empty"])
    at = rng.randrange(len(content))
    length = min(len(content) - at, rng.choice([1, 8, 512, 4096, 100000]))
    if kind == "flip":
        flipped = bytearray(content)
        flipped[at] ^= 1 << rng.randrange(8)
        return bytes(flipped), f"a bit of byte {at} flipped in"
    if kind == "cut":
        return content[:at], f"cut at {at}:"
    if kind == "zero":
        return content[:at] + bytes(length) + content[at + length:], f"{length} zeros at {at} in"
    if kind == "append":
        extra = bytes(rng.randrange(256) for _ in range(rng.randint(1, 3000)))
        return content + extra, f"{len(extra)} bytes appended to"
    if kind == "remove":
        return content[:at] + content[at + length:], f"{length} bytes at {at} taken out of"
    return b"", "nothing left of"


def choose(rng, data):
    kind = rng.random()
    partition = data / PARTITION
    if kind < 0.6:
        files = sorted(partition.glob("*" + rng.choice(SEGMENT_FILES)))
    elif kind < 0.75:
        files = [path for name in PARTITION_FILES for path in sorted(partition.glob("*" + name))]
    else:
        files = [data / name for name in DIRECTORY_FILES if (data / name).exists()]
    return rng.choice(files) if files else choose(rng, data)


class Cycle:
    def __init__(self, build, original, directory, rng):
        self.build = build
        self.original = original
        self.rng = rng
        self.server = new_server(build, directory)
        shutil.copytree(original.data, self.server.data)
        self.file = choose(rng, self.server.data)
        content, what = spoil(rng, self.file.read_bytes())
        self.is_unchanged = content == self.file.read_bytes()
        self.file.write_bytes(content)
        state = "a clean stop" if original.is_clean else "kill -9"
        self.what = f"after {state}: {what} {self.file.relative_to(self.server.data)}"
        # A number or an id that is well formed and wrong can't be told from a true one: of another
        # topic's id the directory is set aside.
        self.may_mislead = (self.file.name.endswith("-checkpoint")
                            or self.file.name == "partition.metadata")

    def run(self):
        whole = self.whole_batches()
        try:
            self.server.start()
        except ServerFailed:
            return self.check_refusal()
        try:
            end = self.check_reads(whole)
            if not self.may_mislead and self.file.suffix != ".log" and end != self.original.end:
                raise Wrong(f"the log ends at {end} instead of {self.original.end}")
            produce(self.build, self.server, 1)
            self.check_new_record(end)
        finally:
            status = self.server.stop() if self.server.running() else self.server.process.poll()
        if status != 0:
            raise Wrong(f"the server ended with status {status}")
        self.check_tool()

    def whole_batches(self):
        """The batches whose bytes are all there still."""
        present = {}
        for segment in segments(self.server.data / PARTITION):
            data = segment.read_bytes()
            for base, (end, content) in self.original.batches.items():
                if base not in present and content in data:
                    present[base] = end
        return present

    def check_refusal(self):
        text = self.server.log.read_text(errors="replace")
        if self.file.name not in ("meta.properties",):
            raise Wrong("the server does not start: " + text[-800:])
        if "meta.properties" not in text:
            raise Wrong("the refusal does not name the file: " + text[-800:])

    def check_reads(self, whole):
        """Returns the log's end; every offset is served as it was written, or refused."""
        connection = Connection(self.server.port)
        served = set()
        offset = self.first_offset(connection)
        max_bytes = self.rng.choice([1, 5000, FETCH_BYTES, FETCH_BYTES])
        while True:
            error, high_watermark, data = connection.fetch(offset, max_bytes)
            if error == CORRUPT_MESSAGE:
                offset += 1
                continue
            if error != 0:
                if error == 1 and offset >= self.original.end:
                    break  # the offsets that a checkpoint takes for lost
                raise Wrong(f"error {error} at offset {offset}")
            before = offset
            for base, end, content in batches_of(data):
                if base in self.original.batches and self.original.batches[base][1] != content:
                    raise Wrong(f"other bytes than were written at offset {base}")
                if base not in self.original.batches:
                    raise Wrong(f"a batch at offset {base} that was never written")
                served.add(base)
                offset = max(offset, end)
            if offset == before:
                if offset < min(high_watermark, self.original.end):
                    raise Wrong(f"nothing at offset {offset}, below {high_watermark}")
                break
        connection.close()
        # Above the recovery point, which nobody wrote down before the kill, the log is cut there.
        cut_from = self.original.end
        if not self.original.is_clean:
            cut_from = min(set(self.original.batches) - set(whole), default=cut_from)
        missing = [base for base in whole if base not in served and base < cut_from]
        if missing and not self.may_mislead:
            raise Wrong(f"whole and not served: {len(missing)} batches from {min(missing)} on")
        return high_watermark

    def first_offset(self, connection):
        error, _, _ = connection.fetch(0, 1)
        if error != 1:
            return 0
        if not self.may_mislead:
            raise Wrong("offset 0 is out of range")
        offset = 1
        while connection.fetch(offset, 1)[0] == 1 and offset < 10 * RECORDS:
            offset += 1
        return offset

    def check_new_record(self, end):
        connection = Connection(self.server.port)
        error, _, data = connection.fetch(end, FETCH_BYTES)
        connection.close()
        if error != 0 or not any(base <= end < last for base, last, _ in batches_of(data)):
            raise Wrong(f"error {error}, and no record at the end {end}")

    def check_tool(self):
        path = self.server.data
        checked = log_tool(self.build, "check", path)
        if checked.returncode == 1:
            repaired = log_tool(self.build, "repair", path)
            if repaired.returncode != 0:
                raise Wrong("repair: " + repaired.stdout + repaired.stderr)
            checked = log_tool(self.build, "check", path)
        if checked.returncode not in (0, 1) or (checked.returncode and not self.may_mislead):
            raise Wrong("check: " + checked.stdout + checked.stderr)


def check_elsewhere(build, directory):
    """What is no log directory is not one in which nothing is wrong."""
    for name in ["", "orders-0"]:
        path = directory / "elsewhere" / name
        path.mkdir(parents=True, exist_ok=True)
        for verb in ["check", "repair"]:
            done = log_tool(build, verb, path)
            if done.returncode == 0 or str(path) not in done.stderr:
                raise Wrong(f"{verb} of the empty {path}: {done.stdout}{done.stderr}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=Path)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--count", type=int)
    parser.add_argument("--keep", action="store_true", help="leave the directory of a failure")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    print(f"seed {arguments.seed}", flush=True)
    began = time.monotonic()
    root = Path(tempfile.mkdtemp(prefix="odradek-damage-"))
    has_failed = False
    count = 0
    try:
        check_elsewhere(build, root)
        originals = [Original(build, root / "clean", True), Original(build, root / "killed", False)]
        while not has_failed:
            is_over = arguments.seconds and time.monotonic() - began > arguments.seconds
            if is_over and count > 0 or count == arguments.count:
                break
            rng = random.Random(f"{arguments.seed} {count}")
            directory = root / str(count)
            cycle = Cycle(build, rng.choice(originals), directory, rng)
            try:
                cycle.run()
                shutil.rmtree(directory)
            except (Wrong, OSError, subprocess.TimeoutExpired) as error:
                has_failed = True
                print(f"cycle {count}, {cycle.what}: {error}")
            count += 1
    finally:
        if has_failed and arguments.keep:
            print(f"left in {root}")
        else:
            shutil.rmtree(root, ignore_errors=True)
    print(f"{count} damages in {time.monotonic() - began:.0f} s")
    return 1 if has_failed else 0


if __name__ == "__main__":
    sys.exit(main())
