# SPDX-License-Identifier: Apache-2.0
"""kcat from the shell's side: main.py BOOTSTRAP PREFIX COMMAND [ARGUMENT…]; each step is one run of
the program.
"""

import hashlib
import re
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))
from checks import check, expect, report, same, until  # noqa: E402

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
RECORDS = 10_000
EXTRA = 100
PARTITIONS = 2  # num.partitions of the server: kcat creates topics by writing to them
PADDING = " the quick brown fox jumps over the lazy dog" * 2
RUN_S = 90
GAPS = {
    "journey.create": "kcat has no admin calls; its topics are created by writing to them",
    "journey.delete": "kcat has no admin calls",
    "journey.limits": "kcat tells records apart by a delimiter, and null from empty by an option",
}


class Kcat:
    def __init__(self, bootstrap):
        self.bootstrap = bootstrap

    def command(self, *arguments):
        return [
            "kcat",
            "-b",
            self.bootstrap,
            "-X",
            "heartbeat.interval.ms=250",
            *map(str, arguments),
        ]

    def run(self, *arguments, text=None):
        done = subprocess.run(
            self.command(*arguments), input=text, text=True, capture_output=True, timeout=RUN_S
        )
        expect(
            done.returncode == 0,
            f"kcat {' '.join(map(str, arguments))}: {done.stderr.strip()[-300:]}",
        )
        return done.stdout

    def produce(self, topic, lines, *arguments):
        self.run(
            "-P", "-t", topic, "-K", "\t", *arguments, text="".join(f"{line}\n" for line in lines)
        )


class Member:
    """`kcat -G` in the background: what it prints is read by a thread, record by record."""

    FORMAT = "%t\t%p\t%o\t%h\t%K\t%S\n%k%s\n"

    def __init__(self, kcat, group, topics):
        self.records = (
            {}
        )  # place (topic, partition, offset) → (headers, key, value); a place may come twice
        self.assigned = 0
        self.process = subprocess.Popen(
            kcat.command(
                "-G", group, "-u", "-X", "auto.offset.reset=earliest", "-f", self.FORMAT, *topics
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.threads = [
            threading.Thread(target=target)
            for target in (self._read_records, self._read_rebalances)
        ]
        for thread in self.threads:
            thread.start()

    def _read_records(self):
        out = self.process.stdout
        while line := out.readline():
            topic, partition, offset, headers, key_length, value_length = line[:-1].split(b"\t")
            key = out.read(int(key_length)) if int(key_length) > 0 else b""
            value = out.read(int(value_length))
            out.read(1)
            self.records[topic.decode(), int(partition), int(offset)] = (
                headers.decode(),
                key,
                value,
            )

    def _read_rebalances(self):
        for line in self.process.stderr:
            if assigned := re.search(rb"assigned: (.*)", line):
                self.assigned = len(re.findall(rb"\[\d+\]", assigned[1]))
            elif b"revoked" in line:
                self.assigned = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """A member that has not left by itself (a check failed) is ended."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def leave(self):
        self.process.terminate()
        status = self.process.wait(RUN_S)
        for thread in self.threads:
            thread.join()
        same(0, status, "kcat -G: the exit status after SIGTERM")


def places(one, two):
    """The number of different places that the two have read, while their threads go on reading."""
    return len({*list(one.records), *list(two.records)})


class Journey:
    def __init__(self, bootstrap, prefix):
        self.kcat = Kcat(bootstrap)
        self.group = f"{prefix}-group"
        self.topics = {codec: f"{prefix}.{codec}" for codec in CODECS}
        self.between = 0  # a time after the first half and before the second of each topic

    def run(self):
        for name, reason in GAPS.items():
            report(f"GAP {name}: {reason}")
        if not check("journey.create_by_writing", self.create):
            return
        for codec in CODECS:
            check(f"journey.produce.{codec}", lambda codec=codec: self.produce(codec))
        check("journey.group_of_two", self.consume_as_group)
        check("journey.resume", self.resume)
        check("journey.seek_by_time", self.seek_by_time)
        check("journey.describe", self.describe)

    def create(self):
        for topic in self.topics.values():
            self.kcat.produce(topic, ["first\tfirst"])

    def produce(self, codec):
        lines = [f"key-{i % 997}\t{codec}:{i}{PADDING}" for i in range(RECORDS)]
        headers = ("-z", codec, "-H", f"codec={codec}", "-H", "nothing")
        self.kcat.produce(self.topics[codec], lines, *headers)

    def consume_as_group(self):
        sources = len(CODECS) * PARTITIONS
        topics = list(self.topics.values())
        wanted = (RECORDS + 1) * len(CODECS)
        with Member(self.kcat, self.group, topics) as one:
            wait("the first member has all partitions", lambda: one.assigned == sources)
            with Member(self.kcat, self.group, topics) as two:
                wait(
                    "both members have a share",
                    lambda: one.assigned
                    and two.assigned
                    and one.assigned + two.assigned == sources,
                )
                wait("all records came", lambda: places(one, two) >= wanted)
                one.leave()
                two.leave()
        self.compare({**one.records, **two.records})

    def compare(self, records):
        indices = {codec: [] for codec in CODECS}
        for (topic, partition, offset), (headers, key, value) in sorted(records.items()):
            if key == b"first":
                continue
            codec, rest = value.decode().split(":", 1)
            index = int(rest.split(" ", 1)[0])
            place = f"{topic}-{partition}@{offset}"
            same(f"{index}{PADDING}", rest, f"{place}: the value")
            same(f"key-{index % 997}", key.decode(), f"{place}: the key")
            same(f"codec={codec},nothing=NULL", headers, f"{place}: the headers")
            same(self.topics[codec], topic, f"{place}: the topic")
            indices[codec].append((partition, index))
        for codec in CODECS:
            same(
                sorted(indices[codec]), indices[codec], f"{codec}: the order within the partitions"
            )
            same(RECORDS, len(indices[codec]), f"{codec} records")

    def resume(self):
        values = [str(i) for i in range(EXTRA)]
        self.kcat.produce(self.topics["none"], [f"k\t{value}" for value in values])
        with Member(self.kcat, self.group, list(self.topics.values())) as member:
            wait("the new records came", lambda: len(member.records) >= EXTRA)
            member.leave()
        read = [value.decode() for _, (_, _, value) in sorted(member.records.items())]
        same(values, read, "what a new member of the group read")

    def seek_by_time(self):
        topic = self.topics["zstd"]
        newest = max(
            int(t) for t in self.kcat.run("-C", "-t", topic, "-e", "-q", "-f", "%T\n").split()
        )
        until("the clock has moved on", lambda: time.time() * 1000 > newest + 1, lambda: None)
        self.kcat.produce(topic, ["k\tlate"])
        late = self.kcat.run(
            "-C", "-t", topic, "-o", f"s@{newest + 1}", "-e", "-q", "-f", "%s\n"
        ).split()
        same(["late"], late, "what is read from that time on")

    def describe(self):
        text = self.kcat.run("-L")
        for topic in self.topics.values():
            expect(
                f'topic "{topic}" with {PARTITIONS} partitions' in text, f"kcat -L lacks {topic}"
            )


def read_packages(bootstrap, topic, group, count):
    with Member(Kcat(bootstrap), group, [topic]) as one, Member(
        Kcat(bootstrap), group, [topic]
    ) as two:
        wait("both members have a share", lambda: one.assigned and two.assigned)
        wait(f"{count} records came", lambda: places(one, two) >= count)
        one.leave()
        two.leave()
    records = {**one.records, **two.records}
    same(count, len(records), "records received")
    report("DIGEST " + digest(records))


def digest(records):
    """SHA-256 over key length, key, value length, value (lengths: 4 bytes, big-endian), keys in
    byte order.
    """
    total = hashlib.sha256()
    for _, (_, key, value) in sorted(records.items(), key=lambda item: (item[1][1], item[0])):
        for part in (key, value):
            total.update(struct.pack(">I", len(part)) + part)
    return total.hexdigest()


def wait(what, condition):
    until(what, condition, lambda: time.sleep(0.05))


def main():
    bootstrap, prefix, command, *arguments = sys.argv[1:]
    if command == "journey":
        Journey(bootstrap, prefix).run()
    elif command == "package-read":
        check(
            "packages.read",
            lambda: read_packages(bootstrap, arguments[0], prefix, int(arguments[1])),
        )
    else:
        sys.exit(f"unknown command {command}")
    report("END")


if __name__ == "__main__":
    main()
