#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures Odradek beside Apache Kafka, on the same machine and in the same run, and prints each
figure with the machine, the commit and the command. Ends with 1 where a bound is not kept.
"""

import argparse
import datetime
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import backlog
import durable
import partitions
import perf_tools
import tools
from brokers import BROKERS, ROOT, ApacheKafka, Odradek, kafka_tool
from wire import Client, produce_first, record_batch

MIB = 1024  # in KiB


@dataclass
class Figure:
    """One line of the report. `kept`: whether its bound is; None where it has none."""

    what: str
    ours: str
    kafkas: str
    bound: str = ""
    kept: bool | None = None


class Run:
    def __init__(self, options, directory):
        self.options = options
        self.directory = Path(directory)
        self.started = 0

    def broker(self, kind):
        """One that has not been started; its directory is new."""
        self.started += 1
        return kind(self.directory / f"broker-{self.started}")

    def kinds(self):
        """The brokers to measure where one beside ours costs minutes."""
        return (Odradek,) if self.options.ours_only else BROKERS


def first_record(run):
    """From the start on an empty directory to the first acknowledged record, and the memory that is
    resident then.
    """
    seconds, resident = {}, {}
    for kind in BROKERS:
        for _ in range(run.options.starts):
            broker = run.broker(kind).prepare()
            os.sync()  # what others left to be written is not this broker's
            try:
                begun = time.monotonic()
                broker.spawn()
                produce_first(broker.port)
                seconds.setdefault(kind, []).append(time.monotonic() - begun)
                resident.setdefault(kind, []).append(broker.resident_kib())
            finally:
                broker.end()
    formatted_s = broker.format_s  # Odradek formats as it starts
    ours_s, kafkas_s = (statistics.median(seconds[kind]) for kind in BROKERS)
    ours_kib, kafkas_kib = (max(resident[kind]) for kind in BROKERS)
    starts = f"median of {run.options.starts}"
    yield Figure(
        f"start on an empty directory to the first acknowledged record, {starts}",
        f"{ours_s * 1000:.0f} ms",
        f"{kafkas_s:.1f} s, after {formatted_s:.1f} s to format",
        "at most 50 ms",
        ours_s <= 0.050,
    )
    yield Figure(
        "resident memory then",
        f"{ours_kib / MIB:.1f} MiB",
        f"{kafkas_kib / MIB:.0f} MiB",
        "at most 25 MiB",
        ours_kib <= 25 * MIB,
    )


def idle(run):
    """CPU time of a broker that has a topic and a connected client, and nothing to do."""
    seconds = run.options.idle_seconds
    with run.broker(Odradek) as ours, run.broker(ApacheKafka) as kafka:
        produce_first(ours.port)
        produce_first(kafka.port)
        with Client(ours.port), Client(kafka.port):
            time.sleep(min(10, seconds))  # what starting left to do
            before = ours.cpu_s(), kafka.cpu_s()
            time.sleep(seconds)
            used = ours.cpu_s() - before[0], kafka.cpu_s() - before[1]
    ours_percent, kafkas_percent = (100 * cpu_s / seconds for cpu_s in used)
    yield Figure(
        f"CPU when idle, over {seconds} s",
        f"{ours_percent:.1f} %",
        f"{kafkas_percent:.1f} %",
        "0.0 %",
        ours_percent < 0.05,
    )


def connections(run):
    """Resident memory with many connections that produce and as many that consume."""
    count, seconds = run.options.connections, run.options.connection_seconds
    command = [str(ROOT / "build/release/connection_load")]
    results, most = {}, {}
    for kind in BROKERS:
        with run.broker(kind) as broker:
            with Client(broker.port) as client:
                client.create_topic("connection-load", 500, broker.page_cache)
                client.produce_to_all("connection-load", 500)
            load = [*command, broker.bootstrap, str(count), str(seconds)]
            done = subprocess.run(load, capture_output=True, text=True, timeout=seconds + 120)
            sys.stderr.write(done.stderr)
            results[kind] = done.returncode == 0
            most[kind] = broker.resident_kib(most=True)
            print(f"  {kind.name}: {done.stdout.strip()}", flush=True)
    allowed = 25 * MIB + 24 * 2 * count
    told = {
        kind: f"{most[kind] / MIB:.1f} MiB, {'no error' if results[kind] else 'ERRORS'}"
        for kind in BROKERS
    }
    yield Figure(
        f"{count} producing and {count} consuming connections for {seconds} s: resident at most",
        told[Odradek],
        told[ApacheKafka],
        f"no error, {allowed / MIB:.0f} MiB",
        results[Odradek] and most[Odradek] <= allowed,
    )


def median_and_range(values):
    return f"{statistics.median(values):.3f} µs ({min(values):.3f} to {max(values):.3f})"


class Load:
    """Runs of the same load against both brokers, in pairs; the first ones, which warm up a JVM,
    are not counted.
    """

    def __init__(self, run, brokers):
        self.records = run.options.records
        self.pairs = run.options.pairs
        self.warm_ups = run.options.warm_ups
        self.brokers = brokers
        self.micros = {type(broker): [] for broker in brokers}

    def cpu_per_record(self, send):
        for pair in range(self.warm_ups + self.pairs):
            for broker in self.brokers:
                before = broker.cpu_s()
                told = send(broker, pair)
                micros = (broker.cpu_s() - before) / self.records * 1e6
                print(f"  {broker.name}: {micros:.3f} µs a record; {told}", flush=True)
                if pair >= self.warm_ups:
                    self.micros[type(broker)].append(micros)

    def figure(self, what, share_allowed=None):
        ours, kafkas = self.micros[Odradek], self.micros[ApacheKafka]
        share = statistics.median(ours) / statistics.median(kafkas)
        bound, kept = "", None
        if share_allowed is not None:
            bound, kept = f"at most {share_allowed:.2f} of Kafka's", share <= share_allowed
        return Figure(
            f"{what}, median of {self.pairs} pairs (range)",
            f"{median_and_range(ours)}: {share:.2f} of Kafka's",
            median_and_range(kafkas),
            bound,
            kept,
        )


def create_topic(broker, name, partitions):
    with Client(broker.port) as client:
        client.create_topic(name, partitions, broker.page_cache)


def produce_load(broker, topic, records):
    return kafka_tool(
        "ProducerPerformance", "--topic", topic, "--num-records", records, "--record-size", 100,
        "--throughput", -1, "--bootstrap-server", broker.bootstrap,
        "--command-property", "acks=1",
    )  # fmt: skip


def consume_load(broker, topic, records):
    columns = kafka_tool(
        "ConsumerPerformance", "--topic", topic, "--num-records", records, "--hide-header",
        "--bootstrap-server", broker.bootstrap,
    ).split(", ")  # fmt: skip
    # Begin and end, MB, MB a second, records.
    if int(float(columns[4])) < records:
        raise RuntimeError(f"{broker.name}: {columns[4]} of {records} records came")
    return f"{columns[4]} records, {columns[3]} MB/sec"


def cpu(run):
    """The broker's CPU time for a record of 100 bytes, produced and consumed; 6 partitions, acks=1,
    both brokers with Kafka's promise of the page cache.
    """
    records = run.options.records
    with run.broker(Odradek) as ours, run.broker(ApacheKafka) as kafka:

        def produce(broker, pair):
            create_topic(broker, f"load-{pair}", 6)
            return produce_load(broker, f"load-{pair}", records)

        load = Load(run, (ours, kafka))
        load.cpu_per_record(produce)
        yield load.figure("broker CPU for a 100-byte record produced", share_allowed=1 / 3)
        load = Load(run, (ours, kafka))
        load.cpu_per_record(lambda broker, pair: consume_load(broker, f"load-{pair}", records))
        yield load.figure("broker CPU for a 100-byte record consumed")


def one_at_a_time(run):
    """How long one client waits that produces a record, waits for its answer, and goes on."""
    count = run.options.latencies
    batch = record_batch(b"x" * 100, int(time.time() * 1000))
    told = {}
    for kind in BROKERS:
        with run.broker(kind) as broker:
            produce_first(broker.port)
            with Client(broker.port) as client:
                waits = []
                for _ in range(2 * count):
                    begun = time.perf_counter()
                    client.produce("first", batch)
                    waits.append(time.perf_counter() - begun)
        waits = sorted(waits[count:])
        told[kind] = f"{waits[count // 2] * 1e3:.2f} ms, 99 % {waits[count * 99 // 100] * 1e3:.2f}"
    yield Figure(
        "one record at a time, acks=all, median",
        f"{told[Odradek]}: on the disk",
        f"{told[ApacheKafka]}: in the page cache",
    )


def command_line(run):
    """Time and memory of the command-line tools."""
    yield from tools.measure(run, Figure)


def late_readers(run):
    """A backlog beyond memory, read beside the tail."""
    yield from backlog.measure(run, Figure)


def load_tools(run):
    """How hard the performance tools load a server."""
    yield from perf_tools.measure(run, Figure)


def durability(run):
    """What the durable default costs beside the bare disk and beside the page cache."""
    yield from durable.measure(run, Figure)


def many_partitions(run):
    """Creation, a kill and a clean stop with 5,000 partitions."""
    yield from partitions.many_partitions(run, Figure)


def crash_when_full(run):
    """kill -9 under full load with 20 GiB."""
    yield from partitions.crash_when_full(run, Figure)


def very_many_partitions(run):
    """Start and memory with 50,000 partitions."""
    yield from partitions.fifty_thousand(run, Figure)


def cluster(run):
    """Three brokers, killed, cut off, stopped, and under load."""
    rows = run.directory / "cluster.json"
    words = ["--ours-only"] if run.options.ours_only else []
    subprocess.run([ROOT / "tests/clients/install.sh"], check=True)
    python = ROOT / "build/clients/venv/bin/python"
    subprocess.run([python, "-B", ROOT / "bench/cluster.py", "--json", rows, *words])
    for row in json.loads(rows.read_text()):
        yield Figure(**row)


FIGURES = {
    "first-record": first_record,
    "idle": idle,
    "connections": connections,
    "cpu": cpu,
    "one-at-a-time": one_at_a_time,
    "tools": command_line,
    "perf-tools": load_tools,
    "backlog": late_readers,
    "durable": durability,
    "partitions": many_partitions,
    "crash-full": crash_when_full,
    "very-many": very_many_partitions,
    "cluster": cluster,
}


def model():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def header():
    git = ["git", "describe", "--always", "--dirty"]
    commit = subprocess.run(git, cwd=ROOT, capture_output=True, text=True).stdout.strip()
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        ("machine", f"{os.cpu_count()} x {model()}, {gib:.0f} GiB, Linux {platform.release()}"),
        ("load", "before it {:.1f}, {:.1f}, {:.1f} (1, 5 and 15 minutes)".format(*os.getloadavg())),
        ("commit", commit or "not known"),
        ("command", " ".join(["bench/figures.py", *sys.argv[1:]])),
        ("time", datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")),
    ]


def verdict(figure):
    return {None: "", True: "kept", False: "NOT KEPT"}[figure.kept]


def print_figure(figure):
    bound = f"  ({figure.bound}: {verdict(figure)})" if figure.bound else ""
    print(f"{figure.what}:\n  ours {figure.ours}{bound}\n  Kafka's {figure.kafkas}", flush=True)


def write_markdown(path, about, figures):
    lines = ["# Figures", ""]
    lines += [f"- {key}: {value}" for key, value in about]
    lines += ["", "| | Odradek | Apache Kafka 4.3.1, same run | bound | |", "|---|---|---|---|---|"]
    lines += [
        f"| {figure.what} | {figure.ours} | {figure.kafkas} | {figure.bound} | {verdict(figure)} |"
        for figure in figures
    ]
    lines += [
        "",
        "How each is measured: [bench/README.md](../bench/README.md). Loads have Apache Kafka's",
        "promise (`write.caching=true`); one record at a time has our default, where an answer",
        "means that the record is on the disk.",
        "",
    ]
    Path(path).write_text("\n".join(lines))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=", ".join(FIGURES))
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--idle-seconds", type=int, default=30)
    parser.add_argument("--connections", type=int, default=2000, help="of each kind")
    parser.add_argument("--connection-seconds", type=int, default=60)
    parser.add_argument("--records", type=int, default=3000000, help="of each run of the load")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--warm-ups", type=int, default=2, help="pairs that are not counted")
    parser.add_argument("--latencies", type=int, default=500)
    parser.add_argument("--memory-mib", type=int, default=1024, help="of a server with a backlog")
    parser.add_argument("--tail-seconds", type=int, default=15, help="alone, then beside")
    parser.add_argument("--tool-pairs", type=int, default=3, help="of each performance tool")
    parser.add_argument("--tool-records", type=int, default=1000000, help="of each run of one")
    parser.add_argument("--tool-runs", type=int, default=20, help="of each command-line tool")
    parser.add_argument("--durable-partitions", type=int, default=2000, help="written at once")
    parser.add_argument("--durable-mib", type=int, default=4096, help="of each stream")
    parser.add_argument("--durable-rounds", type=int, default=3)
    parser.add_argument("--partitions", type=int, default=5000)
    parser.add_argument("--very-many", type=int, default=50000, help="partitions")
    parser.add_argument("--full-partitions", type=int, default=100)
    parser.add_argument("--full-gib", type=int, default=20)
    parser.add_argument("--ours-only", action="store_true", help="where it can be left out")
    parser.add_argument("--markdown", metavar="FILE", help="write the report there, too")
    options = parser.parse_args()
    unknown = set(options.figures) - set(FIGURES)
    if unknown:
        parser.error(f"no figure is called {', '.join(sorted(unknown))}; there are "
                     f"{', '.join(FIGURES)}")
    return options


def raise_open_files(needed):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        sys.exit(f"bench/figures.py: needs {needed} open files, ulimit -n allows {hard}")
    if soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def main():
    options = arguments()
    about = header()
    for key, value in about:
        print(f"{key}: {value}")
    raise_open_files(4 * options.connections + 2000)
    # Beside the build, on a real disk: /tmp may be memory, where a flush costs nothing.
    (ROOT / "build").mkdir(exist_ok=True)
    directory = tempfile.mkdtemp(prefix="figures-", dir=ROOT / "build")
    figures = []
    try:
        run = Run(options, directory)
        for name in options.figures or FIGURES:
            for figure in FIGURES[name](run):
                print_figure(figure)
                figures.append(figure)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    if options.markdown:
        write_markdown(options.markdown, about, figures)
    return 1 if any(figure.kept is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
