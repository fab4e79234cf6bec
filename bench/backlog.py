# SPDX-License-Identifier: Apache-2.0
"""A backlog of twice the memory that a server is given (a memory cgroup, so root is needed), read
by late consumers while records are produced and read at the tail.
"""

import os
import statistics
import subprocess
import threading
import time
from pathlib import Path

from brokers import ROOT, ApacheKafka, Odradek
from wire import Client, Refused, record_batch

BIN = ROOT / "build" / "release" / "bin"
CGROUPS = Path("/sys/fs/cgroup/memory")
RECORD_BYTES = 10_000


class MemoryLimit:
    """A cgroup that holds a process, and the pages of files that it touches, to so many bytes."""

    def __init__(self, limit_bytes):
        self.path = CGROUPS / f"odradek-bench-{os.getpid()}"
        self.path.mkdir()
        (self.path / "memory.limit_in_bytes").write_text(str(limit_bytes))

    def wrap(self, command):
        script = f'echo $$ > {self.path}/cgroup.procs && exec "$@"'
        return ["sh", "-c", script, "limited", *map(str, command)]

    def was_killed(self):
        return "oom_kill 0" not in (self.path / "memory.oom_control").read_text()

    def remove(self):
        """Once the process has ended."""
        for _ in range(100):
            try:
                return self.path.rmdir()
            except OSError:
                time.sleep(0.05)


def limited(kind, limit):
    """A broker of this kind inside the limit."""

    class Limited(kind):
        def command(self):
            return limit.wrap(super().command())

    return Limited


def run_tool(name, *arguments):
    done = subprocess.run([BIN / name, *map(str, arguments)], capture_output=True, text=True,
                          timeout=900, stdin=subprocess.DEVNULL, check=True)  # fmt: skip
    return done.stdout


def write_backlog(broker, size_bytes):
    records = size_bytes // RECORD_BYTES
    run_tool("kafka-topics", "--bootstrap-server", broker.bootstrap, "--create", "--topic",
             "backlog", "--partitions", 4)  # fmt: skip
    run_tool("kafka-producer-perf-test", "--topic", "backlog", "--num-records", records,
             "--record-size", RECORD_BYTES, "--throughput", -1, "--bootstrap-server",
             broker.bootstrap, "--command-property", "acks=1", "batch.size=262144")  # fmt: skip
    return records


class Tail(threading.Thread):
    """Produces one record after the other (acks=all) and reads each back at once, until it is told
    to end; keeps how long each took.
    """

    def __init__(self, port):
        super().__init__()
        self.port, self.seconds, self.is_over = port, [], threading.Event()
        self.failure = None
        self.start()

    def run(self):
        try:
            self.go_round()
        except (OSError, Refused) as failure:
            self.failure = failure

    def go_round(self):
        batch = record_batch(b"x" * 100, int(time.time() * 1000))
        with Client(self.port) as client:
            client.create_topic("tail", 1)
            client.produce_to_all("tail", 1)
            while not self.is_over.is_set():
                begun = time.perf_counter()
                offset = client.produce("tail", batch)
                while not client.fetch("tail", offset):
                    pass
                self.seconds.append(time.perf_counter() - begun)

    def end(self):
        """Median and 99th percentile in milliseconds."""
        self.is_over.set()
        self.join()
        if self.failure:
            raise self.failure
        ordered = sorted(self.seconds)
        return tuple(1000 * ordered[len(ordered) * share // 100] for share in (50, 99))


def read_late(broker, records):
    """Reads the whole backlog; returns MB a second."""
    line = run_tool("kafka-consumer-perf-test", "--topic", "backlog", "--num-records", records,
                    "--hide-header", "--bootstrap-server", broker.bootstrap,
                    "--timeout", 60000)  # fmt: skip
    return float(line.strip().splitlines()[-1].split(", ")[3])


def disk_speed(broker):
    """MB a second of reading the same files once more, without a cache."""
    read = 0
    begun = time.monotonic()
    for path in sorted(broker.directory.glob("data/backlog-*/*.log")):
        with open(path, "rb", buffering=0) as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            while chunk := file.read(1 << 20):
                read += len(chunk)
    return read / 1e6 / (time.monotonic() - begun)


def one_broker(run, kind):
    limit = MemoryLimit(run.options.memory_mib << 20)
    try:
        with run.broker(limited(kind, limit)) as broker:
            records = write_backlog(broker, 2 * run.options.memory_mib << 20)
            seconds = run.options.tail_seconds
            alone = Tail(broker.port)
            time.sleep(seconds)
            alone = alone.end()
            beside, speeds = Tail(broker.port), []
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                speeds.append(read_late(broker, records))
            return {"alone": alone, "beside": beside.end(), "speed": statistics.median(speeds),
                    "disk": disk_speed(broker), "resident": broker.resident_kib(most=True) / 1024,
                    "killed": limit.was_killed()}  # fmt: skip
    finally:
        limit.remove()


def told(result):
    alone, beside = ("{:.2f} ms (median {:.2f})".format(*reversed(result[when]))
                     for when in ("alone", "beside"))
    return (f"{alone} alone, {beside} beside a late reader of {result['speed']:.0f} MB/s "
            f"(the files alone {result['disk']:.0f}); resident at most {result['resident']:.0f} MiB"
            + (", KILLED" if result["killed"] else ""))


def measure(run, figure):
    if not os.access(CGROUPS, os.W_OK):
        raise RuntimeError(f"the backlog is measured in a memory cgroup, and {CGROUPS} can't be "
                           "written")
    results = {kind: one_broker(run, kind) for kind in run.kinds()}
    ours = results[Odradek]
    yield figure(
        f"backlog of twice {run.options.memory_mib} MiB of memory: p99 of the tail",
        told(ours),
        told(results[ApacheKafka]) if ApacheKafka in results else "–",
        "at most doubles; resident within the memory",
        ours["beside"][1] <= 2 * ours["alone"][1] and not ours["killed"],
    )
