# SPDX-License-Identifier: Apache-2.0
"""The console tools of Kafka 2.2.2, by their command lines: main.py JARS BOOTSTRAP PREFIX COMMAND
[ARGUMENT…]; each step is one run of a tool.
"""

import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))
from checks import check, expect, report, same, until  # noqa: E402

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
RECORDS = 10_000
EXTRA = 100
PARTITIONS = 2
PADDING = " the quick brown fox jumps over the lazy dog" * 2
RUN_S = 120
AT_ONCE = 2
GAPS = {
    "idempotence": "the console producer is not idempotent",
    "headers": "the console tools know no headers",
    "journey.limits": "the console tools tell records apart by lines, and have no null",
    "packages": "the console tools tell records apart by lines",
}
JAVA = (
    "java",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xmx256M",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
)
TOPICS, GROUPS = "kafka.admin.TopicCommand", "kafka.admin.ConsumerGroupCommand"
PRODUCER, CONSUMER = "kafka.tools.ConsoleProducer", "kafka.tools.ConsoleConsumer"
OFFSETS = "kafka.tools.GetOffsetShell"


class Tools:
    def __init__(self, jars, bootstrap):
        self.jars = jars
        self.bootstrap = bootstrap

    def command(self, tool, *arguments, server="--bootstrap-server"):
        java = (*JAVA, "-cp", f"{self.jars}/*", tool)
        return [*java, server, self.bootstrap, *map(str, arguments)]

    def run(self, tool, *arguments, text=None, server="--bootstrap-server"):
        done = subprocess.run(
            self.command(tool, *arguments, server=server),
            input=text,
            text=True,
            capture_output=True,
            timeout=RUN_S,
        )
        said = f"{done.stdout.strip()[-300:]} {done.stderr.strip()[-300:]}"
        expect(done.returncode == 0, f"{tool} {' '.join(map(str, arguments))}: {said}")
        return done.stdout

    def produce(self, topic, lines, *arguments):
        keyed = ("--property", "parse.key=true", "--property", "key.separator=\t")
        text = "".join(f"{line}\n" for line in lines)
        options = ("--topic", topic, *keyed, "--request-required-acks", "-1", *arguments)
        self.run(PRODUCER, *options, text=text, server="--broker-list")

    def ends(self, topic):
        """By partition the end offset."""
        out = self.run(OFFSETS, "--topic", topic, "--time", -1, server="--broker-list")
        return {int(p): int(end) for p, end in re.findall(r":(\d+):(\d+)$", out, re.M)}

    def group(self, group):
        """By (topic, partition) what `--describe` shows: (committed, end, lag, member)."""
        out = self.run(GROUPS, "--describe", "--group", group)
        row = re.compile(r"^(\S+) +(\d+) +(\d+|-) +(\d+) +(\d+|-) +(\S+) ", re.M)
        return {(t, int(p)): rest for t, p, *rest in row.findall(out)}


class Member:
    """A console consumer of a group in the background; its lines are read by a thread."""

    def __init__(self, tools, group, topics):
        arguments = (
            *("--whitelist", "|".join(map(re.escape, topics)), "--group", group),
            "--from-beginning",
            *("--property", "print.key=true", "--property", "print.timestamp=true"),
            *("--consumer-property", "heartbeat.interval.ms=250"),
        )
        self.process = subprocess.Popen(
            tools.command(CONSUMER, *arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.lines = []
        self.errors = []
        self.threads = [
            threading.Thread(target=self.read, args=(stream, lines))
            for stream, lines in (
                (self.process.stdout, self.lines),
                (self.process.stderr, self.errors),
            )
        ]
        for thread in self.threads:
            thread.start()

    @staticmethod
    def read(stream, lines):
        for line in stream:
            lines.append(line.rstrip("\n"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def leave(self):
        """SIGTERM: it commits and leaves the group."""
        self.process.terminate()
        self.process.wait(RUN_S)
        for thread in self.threads:
            thread.join()
        expect(f"Processed a total of {len(self.lines)} messages" in self.errors, self.errors)


class Journey:
    def __init__(self, tools, prefix):
        self.tools = tools
        self.group = f"{prefix}-group"
        self.topics = {codec: f"{prefix}.{codec}" for codec in CODECS}
        self.between = 0  # a time (ms) after all records of the journey and before the later ones

    def run(self):
        for name, reason in GAPS.items():
            report(f"GAP {name}: {reason}")
        if not check("journey.create", self.create):
            return
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self.check_produce, CODECS))
        check("journey.group_of_two", self.consume_as_group)
        check("journey.resume", self.resume)
        check("journey.seek_by_time", self.seek_by_time)
        check("journey.describe", self.describe)
        check("journey.delete", self.delete)

    def create(self):
        create = ("--create", "--partitions", PARTITIONS, "--replication-factor", 1, "--topic")
        with ThreadPoolExecutor(AT_ONCE) as pool:
            runs = [pool.submit(self.tools.run, TOPICS, *create, t) for t in self.topics.values()]
            for run in runs:
                run.result()
        listed = self.tools.run(TOPICS, "--list").split()
        expect(set(self.topics.values()) <= set(listed), f"--list shows {listed}")

    def check_produce(self, codec):
        check(f"journey.produce.{codec}", lambda: self.produce(codec))

    def produce(self, codec):
        lines = [f"key-{i % 997}\t{codec}:{i}{PADDING}" for i in range(RECORDS)]
        self.tools.produce(self.topics[codec], lines, "--compression-codec", codec)
        ends = self.tools.ends(self.topics[codec])
        same(RECORDS, sum(ends.values()), "records by end offsets")
        same(PARTITIONS, sum(end > 0 for end in ends.values()), "partitions with records")

    def consume_as_group(self):
        topics = list(self.topics.values())
        with Member(self.tools, self.group, topics) as one:
            wait("the first member reads", lambda: one.lines)
            with Member(self.tools, self.group, topics) as two:
                until("both members have a share", self.shared, lambda: None)
                wanted = RECORDS * len(CODECS)
                wait(
                    "all records came",
                    lambda: len({*list(one.lines), *list(two.lines)}) >= wanted,
                )
                same({"Stable"}, set(re.findall(r"\b(Stable|Empty)\b", self.state())), "the state")
                one.leave()
                two.leave()
        self.compare({*one.lines, *two.lines})
        for source, (committed, end, lag, _) in self.tools.group(self.group).items():
            same((end, "0"), (committed, lag), f"{source}: committed")

    def state(self):
        return self.tools.run(GROUPS, "--describe", "--state", "--group", self.group)

    def shared(self):
        rows = self.tools.group(self.group)
        members = [member for *_, member in rows.values()]
        return len(rows) == len(CODECS) * PARTITIONS and len(set(members) - {"-"}) == 2

    def compare(self, lines):
        """A line is `CreateTime:TIME key value`, and never twice the same."""
        found = {codec: set() for codec in CODECS}
        for line in lines:
            _, key, value = line.split("\t")
            codec, rest = value.split(":", 1)
            index = int(rest.split(" ", 1)[0])
            same((f"key-{index % 997}", f"{index}{PADDING}"), (key, rest), "key and value")
            found[codec].add(index)
        for codec in CODECS:
            same(RECORDS, len(found[codec]), f"{codec} records")

    def resume(self):
        self.between = int(time.time() * 1000)
        until("the clock has moved on", lambda: time.time() * 1000 > self.between + 1, lambda: None)
        values = [str(i) for i in range(EXTRA)]
        self.tools.produce(self.topics["none"], [f"k\t{value}" for value in values])
        with Member(self.tools, self.group, list(self.topics.values())) as member:
            wait("the new records came", lambda: len(member.lines) >= EXTRA)
            member.leave()
        read = [line.split("\t")[2] for line in member.lines]
        same(values, read, "what a new member of the group read")

    def seek_by_time(self):
        """--reset-offsets to a time goes to the first later record, or to the end."""
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(self.between / 1000))
        moment = f"{at}.{self.between % 1000:03d}Z"
        topic = self.topics["none"]
        out = self.tools.run(
            *(GROUPS, "--group", self.group, "--topic", topic, "--reset-offsets", "--execute"),
            *("--to-datetime", moment),
        )
        found = {int(p): int(o) for p, o in re.findall(rf"^{topic} +(\d+) +(\d+)", out, re.M)}
        ends = self.tools.ends(topic)
        same(EXTRA, sum(ends.values()) - sum(found.values()), "records from that time on")
        same(found, self.committed(topic), "committed by the reset")

    def committed(self, topic):
        rows = self.tools.group(self.group)
        return {partition: int(row[0]) for (name, partition), row in rows.items() if name == topic}

    def describe(self):
        for topic in self.topics.values():
            out = self.tools.run(TOPICS, "--describe", "--topic", topic)
            expect(f"PartitionCount:{PARTITIONS}" in out, out)
            rows = re.findall(r"Leader: (\d+)\s+Replicas: (\d+)\s+Isr: (\d+)$", out, re.M)
            same(PARTITIONS, len(rows), f"{topic}: partitions with leader and in-sync set")

    def delete(self):
        gone = self.topics["none"]
        self.tools.run(TOPICS, "--delete", "--topic", gone)
        listed = self.tools.run(TOPICS, "--list").split()
        expect(gone not in listed, "the topic is listed")
        expect(self.topics["zstd"] in listed, "another topic vanished")
        self.tools.run(GROUPS, "--delete", "--group", self.group)
        expect(self.group not in self.tools.run(GROUPS, "--list").split(), "the group is listed")


def wait(what, condition):
    until(what, condition, lambda: time.sleep(0.05))


def main():
    jars, bootstrap, prefix, command = sys.argv[1:5]
    if command != "journey":
        sys.exit(f"unknown command {command}")
    Journey(Tools(jars, bootstrap), prefix).run()
    report("END")


if __name__ == "__main__":
    main()
