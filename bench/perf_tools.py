# SPDX-License-Identifier: Apache-2.0
"""How hard our performance tools load one server, beside Kafka's with the same settings."""

import re
import statistics
import subprocess

from brokers import ROOT, Odradek, kafka_tool
from wire import Client

BIN = ROOT / "build" / "release" / "bin"
LOADS = {
    "produce with defaults": [],
    "produce with acks=1": ["acks=1"],
    "produce with lz4 and batches of 64 KiB": [
        "compression.type=lz4", "batch.size=65536", "linger.ms=10"],
}  # fmt: skip


def our_tool(script, *arguments):
    done = subprocess.run([BIN / script, *map(str, arguments)], capture_output=True, text=True,
                          timeout=300, stdin=subprocess.DEVNULL)  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"{script} ended with {done.returncode}: {done.stderr or done.stdout}")
    return done.stdout.strip().splitlines()[-1]


def both(ours, kafkas):
    """Runs the same arguments with our tool and with Kafka's."""
    return {
        "ours": lambda *arguments: our_tool(ours, *arguments),
        "Kafka's": lambda *arguments: kafka_tool(kafkas, *arguments),
    }


def produced(line):
    return float(re.search(r"([\d.]+) records/sec", line)[1])


def consumed(line):
    # Begin and end, MB, MB a second, records, records a second.
    return float(line.split(", ")[5])


def compare(run, what, tools, arguments, rate_of):
    """Records a second, in turns; the first pair warms up."""
    rates = {who: [] for who in tools}
    for pair in range(run.options.tool_pairs + 1):
        for who, tool in tools.items():
            rate = rate_of(tool(*arguments))
            print(f"  {what}, {who}: {rate:,.0f} records/sec", flush=True)
            if pair > 0:
                rates[who].append(rate)
    return {who: statistics.median(each) for who, each in rates.items()}


def measure(run, figure):
    records = run.options.tool_records
    with run.broker(Odradek) as broker:
        with Client(broker.port) as client:
            client.create_topic("load", 6, broker.page_cache)
        server = ["--bootstrap-server", broker.bootstrap, "--topic", "load", "--num-records",
                  records]  # fmt: skip
        measured = {}
        for what, settings in LOADS.items():
            properties = ["--command-property", *settings] if settings else []
            measured[what] = compare(
                run, what, both("kafka-producer-perf-test", "ProducerPerformance"),
                [*server, "--record-size", 100, "--throughput", -1, *properties], produced,
            )  # fmt: skip
        measured["consume"] = compare(
            run, "consume", both("kafka-consumer-perf-test", "ConsumerPerformance"),
            [*server, "--hide-header"], consumed,
        )  # fmt: skip
    for what, rates in measured.items():
        ratio = rates["ours"] / rates["Kafka's"]
        yield figure(
            f"performance tools on our server, 100-byte records: {what}",
            f"{rates['ours']:,.0f} records/sec: {ratio:.1f} of Kafka's",
            "{:,.0f} records/sec".format(rates["Kafka's"]),
            "at least 1.0 of Kafka's",
            ratio >= 1,
        )
