#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures three brokers of Odradek, with a ZooKeeper, beside three nodes of Apache Kafka 4.3.1
(KRaft), in turns on the same machine, every broker in a network namespace of its own where that is
permitted. Ends with 1 where a bound is not kept. `figures.py cluster` has its rows in the report.

cluster.py [--server build/release/odradek] [--only FIGURE,…] [--kills 50] [--peer-kills 5]
           [--ours-only] [--json FILE]
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/cluster"))
import confluent_kafka  # noqa: E402
from brokers import PATIENCE_S, Cluster  # noqa: E402
from kafkas import Kafkas  # noqa: E402
from machines import Network  # noqa: E402

PEER = ROOT / "tests/peer/apache-kafka"
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# Of the cluster, not of the measured broker: the promise that both can give.
COMMON = {"default.replication.factor": "3", "min.insync.replicas": "2",
          "offsets.topic.replication.factor": "3"}
GIB = 1 << 30


@dataclass
class Row:
    """One thing measured of one cluster. The bound is of `value`: so much, or such a share of the
    other cluster's."""

    what: str
    value: float
    told: str
    most: float | None = None
    most_share: float | None = None
    is_sound: bool = True

    def bound(self):
        if self.most_share:
            return f"at most {self.most_share:.2f} of Kafka's"
        return f"at most {self.most:g}"

    def is_kept(self, peers):
        """None where nobody can say: there is no `peers` row."""
        if self.most_share:
            return peers and self.is_sound and self.value <= self.most_share * peers.value
        return self.is_sound and self.value <= self.most


class Ours(Cluster):
    """With its defaults."""

    name = "Odradek"
    cached = {"write.caching": "true"}

    def __init__(self, directory, network, server, settings):
        super().__init__(directory, server, network)
        connect = self.brokers[0].settings["zookeeper.connect"]
        for broker in self.brokers:
            broker.settings = {**settings, "zookeeper.connect": connect}


class Writer(threading.Thread):
    """Writes one record after the other with acks=all, and remembers when each was acknowledged.
    A real client with its defaults, but for `more`."""

    def __init__(self, cluster, topic, more):
        super().__init__(daemon=True)
        self.topic = topic
        self.producer = confluent_kafka.Producer(
            {"bootstrap.servers": cluster.bootstrap, "acks": "all", "linger.ms": 0,
             "enable.idempotence": True, "log_level": 0, **more})
        self.times = []
        self.errors = []
        self.is_stopping = threading.Event()

    def run(self):
        while not self.is_stopping.is_set():
            self.producer.produce(self.topic, b"x" * 100, partition=0, on_delivery=self.on_delivery)
            self.producer.flush()

    def on_delivery(self, error, _):
        if error is None:
            self.times.append(time.monotonic())
        else:
            self.errors.append(str(error))

    def __enter__(self):
        self.start()
        self.wait_for(20)
        return self

    def __exit__(self, *_):
        self.is_stopping.set()
        self.join()

    def wait_for(self, more):
        wanted = len(self.times) + more
        deadline = time.monotonic() + PATIENCE_S
        while len(self.times) < wanted and time.monotonic() < deadline:
            time.sleep(0.005)

    def longest_gap(self, since):
        """Between two acknowledgements, the second of which came after `since`."""
        times = list(self.times)
        return max(later - earlier for earlier, later in zip(times, times[1:]) if later > since)


def percentile_99(ordered):
    return ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]


def gaps(cluster, count, strike, mend, **more):
    """How long nothing was acknowledged each time that the leader was struck."""
    cluster.make_topic("gap", 1)
    return [gap(cluster, "gap", strike, mend, more) for _ in range(count)]


def gap(cluster, topic, strike, mend, more):
    """For how long nothing was acknowledged, and how many errors the client saw."""
    cluster.until(lambda: cluster.is_in_sync(topic), "every replica is in sync", 120)
    with Writer(cluster, topic, more) as writer:
        leader = cluster.leader(topic)
        since = time.monotonic()
        strike(leader)
        writer.wait_for(20)
        found = writer.longest_gap(since)
        mend(leader)
        return found, len(writer.errors)


def row_of_gaps(what, most_s, gaps):
    ordered = sorted(found for found, _ in gaps)
    errors = sum(errors for _, errors in gaps)
    told = (f"p50 {statistics.median(ordered):.2f} s, p99 {percentile_99(ordered):.2f} s, most "
            f"{ordered[-1]:.2f} s of {len(ordered)}; {errors or 'no'} errors")
    return Row(f"{what}, s", percentile_99(ordered), told, most_s, is_sound=errors == 0)


def killed(run, cluster):
    yield row_of_gaps("kill -9 of a leader until the next acknowledged write", 1.0, gaps(
        cluster, run.count(cluster), lambda leader: leader.kill(), lambda leader: leader.start()))


def killed_controller(run, cluster):
    found = []
    for number in range(run.count(cluster)):
        cluster.until(lambda: len(cluster.live()) == len(cluster.brokers), "every broker is live")
        topic = f"gap-{number}"
        cluster.make_topic(topic, 1, led_by=cluster.controller())
        found.append(gap(cluster, topic, lambda leader: leader.kill(),
                         lambda leader: leader.start(), {}))
    yield row_of_gaps("kill -9 of a leader that is the controller", 1.0, found)


def stopped(run, cluster):
    yield row_of_gaps("clean stop of a leader: without an acknowledged write", 0.2, gaps(
        cluster, max(3, run.count(cluster) // 5),
        lambda leader: leader.process.send_signal(signal.SIGTERM), restart))


def restart(leader):
    leader.process.wait(PATIENCE_S)
    leader.start()


def cut(run, cluster):
    if not cluster.network.is_real:
        print(f"  no cuts: {cluster.network.why}")
        return
    # A client with its defaults waits a minute for an answer that never comes.
    yield row_of_gaps("network cut of a leader, sessions of 3 s", 4.5, gaps(
        cluster, max(3, run.count(cluster) // 10),
        lambda leader: cluster.network.cut_off(leader.machine),
        lambda _: cluster.network.heal(), **{"socket.timeout.ms": 1000}))


cut.settings = {"zookeeper.session.timeout.ms": "3000", "broker.session.timeout.ms": "3000",
                "broker.heartbeat.interval.ms": "1000"}


def latency(run, cluster):
    cluster.make_topic("latency", 1, **cluster.cached)
    producer = confluent_kafka.Producer({"bootstrap.servers": cluster.bootstrap, "acks": "all",
                                         "linger.ms": 0, "log_level": 0})
    times = []
    for _ in range(run.records):
        started = time.monotonic()
        producer.produce("latency", b"x" * 100, partition=0)
        producer.flush()
        times.append(time.monotonic() - started)
    ordered = sorted(times[len(times) // 5:])
    what = "RF 3, acks=all, one record at a time, page cache"
    for name, seconds in (("p50", statistics.median(ordered)), ("p99", percentile_99(ordered))):
        yield Row(f"{what}: {name}", seconds, f"{1000 * seconds:.2f} ms", most_share=1 / 3)


def cpu_s(cluster):
    total = 0
    for broker in cluster.brokers:
        stat = Path(f"/proc/{broker.process.pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS_PER_SECOND


def cpu(run, cluster):
    cluster.make_topic("load", 6, **cluster.cached)
    send(cluster, run.load_bytes // 4)  # warms up
    before = cpu_s(cluster)
    send(cluster, run.load_bytes)
    used_s = (cpu_s(cluster) - before) / (run.load_bytes / GIB)
    yield Row("RF 3, acks=all, 1 KiB, batched, page cache: CPU of all brokers for a GiB", used_s,
              f"{used_s:.1f} s", most_share=1 / 3)


def send(cluster, size):
    subprocess.run([PEER, "tool", "org.apache.kafka.tools.ProducerPerformance", "--topic", "load",
                    "--num-records", str(size // 1024), "--record-size", "1024", "--throughput",
                    "-1", "--producer-props", f"bootstrap.servers={cluster.bootstrap}", "acks=all"],
                   check=True, capture_output=True)


def resident_mib(broker):
    for line in Path(f"/proc/{broker.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0


def resident(run, cluster):
    cluster.make_topic("many", 1000)
    time.sleep(run.rest_s)
    each = [resident_mib(broker) for broker in cluster.brokers]
    yield Row("resident, idle with 1,000 partitions each, MiB", max(each),
              ", ".join(f"{one:.0f}" for one in each), 60)


def fail_over(run, cluster):
    for number in range(10):
        cluster.make_topic(f"large-{number}", 1000, 2, min_insync_replicas=1)
    controller = cluster.controller()
    started = time.monotonic()
    controller.kill()
    topic = confluent_kafka.admin.NewTopic("after", 1, 1)
    while True:
        admin = confluent_kafka.admin.AdminClient(cluster.client_settings())
        try:
            admin.create_topics([topic], request_timeout=1)["after"].result(PATIENCE_S)
            break
        except confluent_kafka.KafkaException as error:
            if error.args[0].code() == confluent_kafka.KafkaError.TOPIC_ALREADY_EXISTS:
                break
    took = time.monotonic() - started
    wait_until_led_by_others(cluster, controller)
    what = "controller killed with 10,000 partitions, until"
    yield timed(f"{what} another one has made a topic", took)
    yield timed(f"{what} what it led has other leaders", time.monotonic() - started)


def timed(what, seconds):
    return Row(f"{what}, s", seconds, f"{seconds:.2f} s", 2)


def wait_until_led_by_others(cluster, killed):
    def are_led():
        found = cluster.metadata()
        return found and all(
            partition.leader not in (-1, killed.number)
            for name, topic in found.topics.items() if name.startswith("large")
            for partition in topic.partitions.values())

    cluster.until(are_led, "every partition is led by one that lives", 300)


def lost_broker(run, cluster):
    controller = cluster.controller()
    victim = next(broker for broker in cluster.brokers if broker is not controller)
    for number in range(5):
        cluster.make_topic(f"large-{number}", 1000, 2, led_by=victim, min_insync_replicas=1)
    started = time.monotonic()
    victim.kill()
    wait_until_led_by_others(cluster, victim)
    yield timed("a broker killed that leads 5,000 partitions, until all have other leaders",
                time.monotonic() - started)


FIGURES = {figure.__name__: figure
           for figure in (killed, killed_controller, stopped, cut, latency, cpu, resident,
                          fail_over, lost_broker)}


def without_zookeeper(settings):
    return {key: value for key, value in settings.items() if not key.startswith("zookeeper.")}


class Run:
    def __init__(self, options):
        self.options = options
        self.records = options.records
        self.load_bytes = options.load_mib << 20
        self.rest_s = 10

    def count(self, cluster):
        return self.options.kills if isinstance(cluster, Ours) else self.options.peer_kills


def measure(run, figure, network):
    """The rows of each cluster: ours, then Kafka's, which may be left out."""
    settings = {**COMMON, **getattr(figure, "settings", {})}
    for is_ours in (True,) if run.options.ours_only else (True, False):
        directory = Path(tempfile.mkdtemp(prefix="odradek-bench-cluster-"))
        try:
            made = (Ours(directory, network, run.options.server, settings) if is_ours
                    else Kafkas(directory, network, without_zookeeper(settings)))
            with made as cluster:
                yield list(figure(run, cluster))
        finally:
            shutil.rmtree(directory, ignore_errors=True)


def report(of_ours, of_kafkas):
    """Rows as the report has them."""
    of_kafkas = {row.what: row for row in of_kafkas}
    for row in of_ours:
        peers = of_kafkas.get(row.what)
        yield {"what": row.what, "ours": row.told, "kafkas": peers.told if peers else "–",
               "bound": row.bound(), "kept": row.is_kept(peers)}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--server", type=Path, default=ROOT / "build/release/odradek")
    parser.add_argument("--only", default="", help=", ".join(FIGURES))
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--peer-kills", type=int, default=5)
    parser.add_argument("--records", type=int, default=3000)
    parser.add_argument("--load-mib", type=int, default=1024)
    parser.add_argument("--ours-only", action="store_true")
    parser.add_argument("--json", type=Path, help="write the rows there, too")
    return parser.parse_args()


def main():
    options = arguments()
    network = Network()
    print(f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}, "
          f"{network.why or 'every broker in a network namespace'}", flush=True)
    run = Run(options)
    rows = []
    for name in options.only.split(",") if options.only else FIGURES:
        measured = list(measure(run, FIGURES[name], network))
        for row in report(measured[0], measured[1] if len(measured) > 1 else []):
            words = {True: "kept", False: "NOT KEPT", None: "not judged"}[row["kept"]]
            print(f"{row['what']}: {row['ours']} [Kafka: {row['kafkas']}] "
                  f"({row['bound']}: {words})", flush=True)
            rows.append(row)
    if options.json:
        options.json.write_text(json.dumps(rows))
    return 1 if any(row["kept"] is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
