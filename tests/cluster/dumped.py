# SPDX-License-Identifier: Apache-2.0
"""Apache Kafka's DumpLogSegments over the files of every replica after a clean stop: nothing is
wrong in any of them, the replicas of a partition hold the same, and that is what the clients wrote.
Our own kafka-dump-log says the same of the same files.
"""

import re
import subprocess
import sys
from pathlib import Path

from brokers import PATIENCE_S, ROOT
from clients import TOPIC

sys.path.append(str(ROOT / "tests/clients"))
from harness import log_files  # noqa: E402

KINDS = {".log", ".index", ".timeindex", ".txnindex", ".snapshot"}
# Keys as text; of a value no more than its size, for it has any byte.
PRINTED = ("--print-data-log", "--key-decoder-class", "org.apache.kafka.tools.api.StringDecoder",
           "--value-decoder-class", "org.apache.kafka.tools.api.DefaultDecoder")
DUMPING = re.compile(r"Dumping (?P<file>.+)")
# Where in its segment a batch lies is each replica's own.
BATCH = re.compile(r"(?P<before>baseOffset: (?P<base>\d+) .*?producerId: (?P<producer>-?\d+) "
                   r".*?partitionLeaderEpoch: (?P<epoch>\d+) .*)position: \d+ (?P<after>.*)")
SEQUENCES = re.compile(r".*lastOffset: (?P<offset>\d+) .*lastSequence: (?P<sequence>-?\d+) .*")
RECORD = re.compile(r"(?P<line>\| offset: (?P<offset>\d+) .*valueSize: (?P<size>-?\d+) .*?)"
                    r"(( key: (?P<key>\S*))? payload: \S*)?")
PRODUCER = re.compile(r".*producerId: (?P<producer>\d+) .*lastSequence: (?P<sequence>-?\d+) "
                      r"lastOffset: (?P<offset>\d+) .*")
# Lines of ours that the other one does not print are of the indexes: a segment alone is compared.
OF_SEGMENTS = re.compile(r"Dumping .*|baseOffset: .*|\| offset: .*")


class Replica:
    """What the tool printed of one replica's files."""

    def __init__(self):
        self.batches = {}  # base offset → its line, but for the place
        self.records = {}  # offset → (key, size of the value)
        self.epochs = {}  # leader epoch → its first offset
        self.last = {}  # producer → (sequence, offset) of its last record
        self.snapshots = {}  # a producer snapshot's offset → what it says of the same

    def add(self, file, line):
        if file.suffix == ".snapshot":
            if found := PRODUCER.fullmatch(line):
                known = self.snapshots.setdefault(int(file.stem), {})
                known[int(found["producer"])] = int(found["sequence"]), int(found["offset"])
        elif found := BATCH.fullmatch(line):
            base = int(found["base"])
            self.batches[base] = found["before"] + found["after"]
            self.epochs.setdefault(int(found["epoch"]), base)
            last = SEQUENCES.fullmatch(line)
            if int(found["producer"]) >= 0:
                self.last[int(found["producer"])] = int(last["sequence"]), int(last["offset"])
        elif found := RECORD.fullmatch(line):
            self.records[int(found["offset"])] = found["key"], int(found["size"])

    def end(self):
        return max(self.records, default=-1) + 1


class Dump:
    """Of all replicas of a cluster that `crowd` (clients.py) wrote to and has read."""

    def __init__(self, cluster, crowd, work):
        self.cluster = cluster
        self.crowd = crowd
        self.work = work
        self.work.mkdir()
        self.replicas = {}  # (partition's directory, data directory) → Replica
        self.lines = []  # of segments

    def wrong(self, sentence):
        self.crowd.history.violation(sentence)

    def check(self):
        """Stops the brokers. What it returns says what was looked at."""
        assigned = self.crowd.administrator.replicas()
        stop_all(self.cluster)
        for broker in self.cluster.brokers:
            if not (broker.data / ".kafka_cleanshutdown").is_file():
                self.wrong(f"{broker.name} is not marked as cleanly stopped")
        files = sorted(path for broker in self.cluster.brokers
                       for path in broker.data.glob("*-*/*")
                       if path.suffix in KINDS and path.stat().st_size > 0
                       and "." not in path.parent.name
                       and not path.parent.name.startswith(log_files.METADATA_TOPIC))
        inner = [path for path in files if path.parent.name.startswith(log_files.OFFSETS_TOPIC)]
        others = [path for path in files if path not in set(inner)]
        indexes = [path for path in files if path.suffix in {".index", ".timeindex"}]
        self.run("data", others, *PRINTED, "--index-sanity-check")
        self.run("offsets", inner, "--offsets-decoder", "--index-sanity-check")
        self.run("indexes", indexes, "--verify-index-only")
        self.read("data")
        for (topic, number), replicas in sorted(assigned.items()):
            if not topic.startswith("__"):
                self.compare(topic, number, replicas)
        if self.cluster.is_ours:
            self.compare_with_ours([path for path in others if path.suffix == ".log"])
        batches = sum(len(replica.batches) for replica in self.replicas.values())
        return (f"DumpLogSegments: {len(files)} files, {batches} batches of {len(self.replicas)} "
                f"replicas")

    def run(self, label, files, *options):
        findings, _, batches = log_files.dump(self.work, label, files, *options)
        if label != "indexes" and batches == 0:
            findings.append(f"no batch in {len(files)} files")
        for finding in findings[:3]:
            self.wrong(f"DumpLogSegments, {label}: {finding} ({len(findings)} findings)")

    def read(self, label):
        file = replica = None
        with open(self.work / f"dump-{label}.out", encoding="utf-8", errors="replace") as lines:
            for line in map(str.rstrip, lines):
                if found := DUMPING.fullmatch(line):
                    file = Path(found["file"])
                    name = file.parent.name, file.parent.parent
                    replica = self.replicas.setdefault(name, Replica())
                replica.add(file, line)
                if file.suffix == ".log" and OF_SEGMENTS.fullmatch(line):
                    record = RECORD.fullmatch(line)
                    self.lines.append(record["line"] if record else line)

    def compare(self, topic, number, replicas):
        name = f"{topic}-{number}"
        brokers = [self.cluster.broker(replica) for replica in replicas]
        held = {broker: self.replicas.get((name, broker.data), Replica())
                for broker in brokers}
        first, *rest = held.values()
        for broker, replica in held.items():
            if (replica.batches, replica.records) != (first.batches, first.records):
                self.wrong(f"DumpLogSegments: {name} of {broker.name} is not what "
                           f"{brokers[0].name} holds: {difference(first, replica)}")
            self.compare_state(name, broker, replica)
        if topic == TOPIC:
            self.compare_with_clients(number, first)

    def compare_with_clients(self, number, replica):
        """The keys at every offset, and the sizes of what they stand for."""
        wanted = {offset: (key.decode(), len(self.crowd.history.values.of(key)))
                  for offset, key in self.crowd.contents[TOPIC, number].items()}
        if replica.records != wanted:
            wrong = min(offset for offset in wanted.keys() | replica.records.keys()
                        if wanted.get(offset) != replica.records.get(offset))
            self.wrong(f"DumpLogSegments: {TOPIC}-{number} has {replica.records.get(wrong)} at "
                       f"{wrong}, and clients read {wanted.get(wrong)}")

    def compare_state(self, name, broker, replica):
        """The epochs' checkpoint and the producers' last snapshot follow from the batches."""
        checkpoint = broker.data / name / "leader-epoch-checkpoint"
        # One that nobody has written to may have none: its first batch brings it.
        is_there = replica.batches or checkpoint.exists()
        lines = checkpoint.read_text().split("\n")[2:] if is_there else []
        epochs = dict(map(int, line.split()) for line in lines if line)
        missing = {epoch: start for epoch, start in replica.epochs.items()
                   if epochs.get(epoch) != start}
        if missing or list(epochs.values()) != sorted(epochs.values()):
            self.wrong(f"{name} of {broker.name}: its epochs are {epochs}, its batches' {missing}")
        told = replica.snapshots.get(replica.end(), {})
        if told != replica.last:
            self.wrong(f"{name} of {broker.name}: its snapshot at {replica.end()} says {told} of "
                       f"producers, its batches say {replica.last}")

    def compare_with_ours(self, segments):
        """Line by line."""
        done = subprocess.run(
            ["kafka-dump-log", "--deep-iteration", "--files", ",".join(map(str, segments))],
            executable=self.cluster.brokers[0].binary, capture_output=True, text=True,
            check=False, timeout=10 * PATIENCE_S)
        ours = [line.rstrip() for line in done.stdout.splitlines() if OF_SEGMENTS.match(line)]
        if ours != self.lines:
            wrong = next((pair for pair in zip(ours, self.lines) if pair[0] != pair[1]),
                         f"{len(ours)} and {len(self.lines)} lines; {done.stderr[-300:]}")
            self.wrong(f"kafka-dump-log and DumpLogSegments differ: {wrong}")


def difference(one, other):
    """For people who ask why."""
    for left, right in ((one.batches, other.batches), (one.records, other.records)):
        if left != right:
            wrong = min(offset for offset in left.keys() | right.keys()
                        if left.get(offset) != right.get(offset))
            return f"{right.get(wrong)} instead of {left.get(wrong)}"
    return "nothing"


def stop_all(cluster):
    """Cleanly, one after the other."""
    for broker in cluster.brokers:
        if broker.is_running():
            broker.stop()
