#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""offsets_test.py --server build/release/odradek

Groups commit again and again, and what they committed is compacted all the while: little is left on
the disk, and after a clean stop and after a kill every group finds its last offsets.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import confluent_kafka
import confluent_kafka.admin

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "clients")]
from harness.servers import PATIENCE_S, Odradek  # noqa: E402

GROUPS, PARTITIONS, COMMITS = 6, 5, 400
SETTINGS = {"offsets.topic.num.partitions": "2", "log.cleaner.backoff.ms": "50",
            "log.cleaner.min.cleanable.ratio": "0.1", "log.cleaner.max.compaction.lag.ms": "100",
            "log.segment.delete.delay.ms": "100", "group.initial.rebalance.delay.ms": "0"}


def check(condition, sentence):
    if not condition:
        sys.exit(f"offsets: {sentence}")


class Group:
    """One that assigns its partitions itself, and commits."""

    def __init__(self, server, number):
        self.name = f"group-{number}"
        self.consumer = confluent_kafka.Consumer({
            "bootstrap.servers": server.bootstrap, "group.id": self.name, "log_level": 2})

    def commit(self, number):
        self.consumer.commit(offsets=[
            confluent_kafka.TopicPartition("read", partition, number * 10 + partition)
            for partition in range(PARTITIONS)], asynchronous=False)

    def check(self, number, when):
        found = self.consumer.committed([confluent_kafka.TopicPartition("read", partition)
                                         for partition in range(PARTITIONS)], timeout=PATIENCE_S)
        offsets = [one.offset for one in found]
        expected = [number * 10 + partition for partition in range(PARTITIONS)]
        check(offsets == expected, f"{when}, {self.name}: {offsets}, and not {expected}")


def size_of(server):
    return sum(file.stat().st_size for path in server.data.glob("__consumer_offsets-*")
               for file in path.glob("*.log"))


def wait_until_cleaned(server, written):
    deadline = time.monotonic() + PATIENCE_S
    checkpoint = server.data / "cleaner-offset-checkpoint"
    while (size := size_of(server)) > written / 4:
        check(time.monotonic() < deadline, f"of some {written} bytes {size} are left; "
              f"cleaned: {checkpoint.read_text()}")
        time.sleep(0.1)
    print(f"ok: of some {written} bytes {size} are left")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", required=True, type=Path)
    binary = parser.parse_args().server
    with tempfile.TemporaryDirectory() as directory:
        server = Odradek(Path(directory) / "node", SETTINGS, binary, defaults={}).start()
        admin = confluent_kafka.admin.AdminClient({"bootstrap.servers": server.bootstrap})
        topic = confluent_kafka.admin.NewTopic("read", PARTITIONS, 1)
        admin.create_topics([topic])["read"].result(PATIENCE_S)
        groups = [Group(server, number) for number in range(GROUPS)]
        for number in range(COMMITS):
            for group in groups:
                group.commit(number)
        for group in groups:
            group.check(COMMITS - 1, "before")
        wait_until_cleaned(server, GROUPS * PARTITIONS * COMMITS * 60)
        check(server.stop() == 0, f"no clean stop: {server.log}")
        server.start()
        for group in groups:
            group.check(COMMITS - 1, "after a clean stop")
            group.commit(COMMITS)
        server.kill()
        server.start()
        for group in groups:
            group.check(COMMITS, "after a kill")
            group.consumer.close()
        server.kill()
    print("ok: every group finds its last offsets")


if __name__ == "__main__":
    main()
