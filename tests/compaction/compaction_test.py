#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compaction_test.py --server build/release/odradek [--messages N] [--duplicates N]

Apache Kafka's own LogCompactionTester writes keyed records to a server that compacts all the while,
reads them back and compares the last value of each key. Then the server is killed, Apache's dump
tool goes over every segment and index, and a server on what is left shows the same last values.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "answers"), str(ROOT / "tests" / "clients")]
from batches import take_apart  # noqa: E402
from codec import Connection  # noqa: E402
from harness.servers import PATIENCE_S, Odradek  # noqa: E402

TOOL = [str(ROOT / "tests/peer/apache-kafka"), "tool"]
SETTINGS = {"log.segment.bytes": "1048576", "log.cleaner.backoff.ms": "100",
            "log.cleaner.min.cleanable.ratio": "0.1", "log.index.interval.bytes": "512",
            "log.cleaner.dedupe.buffer.size": "1048577", "log.segment.delete.delay.ms": "1000",
            "log.cleaner.delete.retention.ms": "0"}
WRONG = re.compile(r".*(mismatch|corrupt|invalid|not valid|isvalid: false|truncated|exception|"
                   r"found timestamp).*", re.IGNORECASE)


def check(condition, sentence):
    if not condition:
        sys.exit(f"compaction: {sentence}")


def run_tool(*command, place):
    done = subprocess.run([*TOOL, *map(str, command)], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env={**os.environ, "TMPDIR": str(place)},
                          cwd=place, timeout=280)
    check(done.returncode == 0, f"{command[0]}: {done.stdout[-3000:]}")
    return done.stdout


def torture(server, options, place):
    """Kafka's tester: returns how much smaller what it read was than what it wrote."""
    said = run_tool("org.apache.kafka.tools.LogCompactionTester", "--bootstrap-server",
                    server.bootstrap, "--messages", options.messages, "--duplicates",
                    options.duplicates, "--topics", 2, "--percent-deletes", 10,
                    "--compression-type", options.codec, "--sleep", 2, place=place)
    check("Data verification is completed" in said, said[-3000:])
    return float(re.search(r"\((-?[0-9.]+)% reduction\)", said).group(1))


def partitions(server):
    return sorted(path for path in server.data.glob("log-cleaner-test-*") if path.is_dir())


def wait_until_swapped(server):
    """No cleaning is under way, and there was one."""
    deadline = time.monotonic() + PATIENCE_S
    checkpoint = server.data / "cleaner-offset-checkpoint"
    while checkpoint.read_text().count("log-cleaner-test-") < 2:
        check(time.monotonic() < deadline, f"nothing is cleaned: {checkpoint.read_text()}")
        time.sleep(0.1)


def fetch_all(port, topic):
    """The end, and how many records a consumer is given."""
    connection, found, position = Connection(port), [], 0
    end = connection.call("ListOffsets", 5, {"ReplicaId": -1, "Topics": [
        {"Name": topic, "Partitions": [{"PartitionIndex": 0, "Timestamp": -1}]}]})
    end = end["Topics"][0]["Partitions"][0]["Offset"]
    while position < end:
        answer = connection.call("Fetch", 11, {
            "MaxWaitMs": 100, "MinBytes": 1, "MaxBytes": 1 << 25, "Topics": [
                {"Topic": topic, "Partitions": [{"Partition": 0, "FetchOffset": position,
                                                 "PartitionMaxBytes": 1 << 25}]}]})
        partition = answer["Responses"][0]["Partitions"][0]
        check(partition["ErrorCode"] == 0, f"{topic} at {position}: {partition['ErrorCode']}")
        batches = take_apart(partition["Records"])
        check(batches, f"{topic}: nothing comes at offset {position} of {end}")
        check(all(batch["CrcIsRight"] for batch in batches), f"{topic}: a wrong checksum")
        found += batches
        position = batches[-1]["BaseOffset"] + batches[-1]["LastOffsetDelta"] + 1
    return end, sum(batch["Count"] for batch in found)


def dump(server, place):
    """Apache's tool finds nothing wrong, in records and indexes."""
    for option, pattern in (("--deep-iteration", "*.log"), ("--index-sanity-check", "*.index"),
                            ("--index-sanity-check", "*.timeindex")):
        files = [str(file) for path in partitions(server) for file in sorted(path.glob(pattern))]
        said = run_tool("org.apache.kafka.tools.DumpLogSegments", option, "--files",
                        ",".join(files), place=place)
        wrong = [line for line in said.splitlines() if WRONG.fullmatch(line)]
        check(not wrong, f"{option} of {pattern}: {wrong[:3]}")
    print("ok: Apache's dump tool finds nothing wrong")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    parser.add_argument("--messages", type=int, default=150_000)
    parser.add_argument("--duplicates", type=int, default=20)
    parser.add_argument("--codec", default="lz4")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        server = Odradek(place / "node", SETTINGS, binary=options.server, defaults={}).start()
        reduction = torture(server, options, place)
        check(reduction > 10, f"only {reduction} % less was read than was written")
        print(f"ok: LogCompactionTester, {reduction} % less")
        wait_until_swapped(server)
        names = [path.name.rsplit("-", 1)[0] for path in partitions(server)]
        server.kill()
        server.start()
        before = {name: fetch_all(server.port, name) for name in names}
        server.stop()
        dump(server, place)
        server.start()
        for name in names:
            end, count = fetch_all(server.port, name)
            check(end == before[name][0] and count <= before[name][1],
                  f"{name}: {before[name]} before, {(end, count)} after")
        server.stop()
        print("ok: what was compacted is read after a kill and a stop")


if __name__ == "__main__":
    main()
