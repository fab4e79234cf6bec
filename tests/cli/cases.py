# SPDX-License-Identifier: Apache-2.0
"""The command lines that are compared, in the order in which they run against one empty server.

A case is one line: the tool, its arguments, and what is special about it. SERVER stands for the
flag that names the server, NOWHERE for a server that is not there.
"""

import dataclasses
import re

SERVER = "--bootstrap-server {server}"


@dataclasses.dataclass(frozen=True)
class Case:
    tool: str
    arguments: str
    stdin: str = ""
    unordered: bool = False  # lines that a hash table orders

    @property
    def name(self):
        return f"{self.tool} {self.arguments}"

    def words(self, server, directory):
        text = self.arguments.replace("SERVER", SERVER)
        return [
            word.replace("{server}", server).replace("{directory}", directory)
            for word in text.split()
        ]


def topics(arguments, **special):
    return Case("kafka-topics", arguments, **special)


def produce(arguments, stdin, **special):
    return Case("kafka-console-producer", arguments, stdin, **special)


def consume(arguments, **special):
    return Case("kafka-console-consumer", arguments, unordered=True, **special)


def groups(arguments, **special):
    return Case("kafka-consumer-groups", arguments, unordered=True, **special)


LINES = "".join(f"key{i}:value {i}\n" for i in range(40))

CASES = [
    topics("SERVER --list"),
    topics("SERVER --create --topic one"),
    topics("SERVER --create --topic three --partitions 3 --replication-factor 1"),
    topics("SERVER --create --topic three"),
    topics("SERVER --create --topic three --if-not-exists"),
    topics("SERVER --create --topic with.dot --config retention.ms=3600000 --config "
           "cleanup.policy=compact"),
    topics("SERVER --create --topic by-hand --replica-assignment 1,1"),
    topics("SERVER --create --topic a:b"),
    topics("SERVER --create --topic x --partitions 0"),
    topics("SERVER --create --topic x --replication-factor 0"),
    topics("SERVER --create --topic x --partitions many"),
    topics("SERVER --create --topic x --config foo=bar"),
    topics("SERVER --create --topic x --config retention.ms"),
    topics("SERVER --create --topic x --replica-assignment 1:1"),
    topics("SERVER --create --topic x --replica-assignment 1,1 --partitions 2"),
    topics("SERVER --create"),
    topics("SERVER --create --list --topic x"),
    topics("--list"),
    topics("SERVER --lst"),
    topics("SERVER --list --topic"),
    topics("SERVER --list --partitions 3"),
    topics("SERVER --list"),
    topics("SERVER --list --topic t.*"),
    topics("SERVER --list --topic one,three"),
    topics("SERVER --describe --topic three"),
    topics("SERVER --describe --topic with.dot"),
    topics("SERVER --describe --topic=one"),
    topics("SERVER --describe --topic nope"),
    topics("SERVER --describe --topic nope --if-exists"),
    topics("SERVER --describe --topics-with-overrides --topic with.dot"),
    topics("SERVER --describe --under-replicated-partitions"),
    topics("SERVER --describe --unavailable-partitions"),
    topics("SERVER --describe --under-min-isr-partitions"),
    topics("SERVER --describe --at-min-isr-partitions --topic one"),
    topics("SERVER --alter --topic one --partitions 2"),
    topics("SERVER --alter --topic one --partitions 1"),
    topics("SERVER --alter --topic nope --partitions 2"),
    topics("SERVER --alter --topic nope --partitions 2 --if-exists"),
    topics("SERVER --alter --topic one"),
    topics("SERVER --describe --topic one"),
    topics("SERVER --delete --topic by-hand"),
    topics("SERVER --delete --topic nope"),
    topics("SERVER --delete --topic nope --if-exists"),
    produce("SERVER --topic three --reader-property parse.key=true --reader-property "
            "key.separator=:", LINES),
    produce("SERVER --topic one --property parse.key=true --property parse.headers=true --property "
            "null.marker=NULL", "h1:a,h2:b\tk\tv\nNULL\tNULL\tNULL\nh:NULL\tk2\tv2\n"),
    produce("SERVER --topic one --compression-codec zstd", "compressed\n"),
    produce("SERVER --topic one --compression-codec", "compressed as gzip\n"),
    produce("SERVER --topic one --sync --request-required-acks 1", "waited for\n"),
    produce("SERVER --topic one --reader-property parse.key=true --reader-property "
            "ignore.error=true", "no key here\n"),
    produce("SERVER --topic one --command-property client.id=me --batch-size 100 --timeout 5",
            "with properties\n"),
    produce("SERVER --topic one --producer-property acks=all", "with an old flag\n"),
    produce("--topic one", "x\n"),
    produce("SERVER", "x\n"),
    produce("--bootstrap-server nonsense --topic one", "x\n"),
    produce("SERVER --topic one --property a=b --reader-property c=d", "x\n"),
    produce("SERVER --topic one --no-such-flag", "x\n"),
    # With partitions and offsets: keys must lie where the Java producer puts them.
    consume("SERVER --topic three --from-beginning --max-messages 40 --formatter-property "
            "print.key=true --formatter-property print.partition=true --formatter-property "
            "print.offset=true"),
    consume("SERVER --topic three --partition 1 --offset 3 --max-messages 4"),
    consume("SERVER --topic three --partition 0 --offset earliest --max-messages 2"),
    consume("SERVER --topic three --partition 2 --from-beginning --max-messages 2 "
            "--formatter-property print.timestamp=true --formatter-property key.separator=|"),
    consume("SERVER --topic one --from-beginning --max-messages 9 --formatter-property "
            "print.key=true --formatter-property print.headers=true --formatter-property "
            "null.literal=(none)"),
    consume("SERVER --topic one --from-beginning --max-messages 9 --property print.value=false "
            "--property print.key=true"),
    consume("SERVER --topic one --from-beginning --max-messages 9 --isolation-level "
            "read_committed --formatter-property line.separator=;"),
    consume("SERVER --topic three --from-beginning --group readers --max-messages 40"),
    consume("SERVER --topic three --group readers --timeout-ms 2000"),
    consume("SERVER --include th.* --from-beginning --group others --max-messages 40"),
    consume("SERVER --topic three --max-messages 0"),
    consume("SERVER"),
    consume("SERVER --topic three --include three"),
    consume("--topic three"),
    consume("SERVER --topic three --offset 3"),
    consume("SERVER --topic three --partition 0 --offset -3"),
    consume("SERVER --topic three --partition 0 --offset 3 --from-beginning"),
    consume("SERVER --topic three --partition 0 --group g"),
    groups("SERVER --list --state empty --type classic"),
    groups("SERVER --describe --group readers"),
    groups("SERVER --describe --group readers --offsets --verbose"),
    groups("SERVER --describe --group readers --members"),
    groups("SERVER --describe --group readers --members --verbose"),
    groups("SERVER --describe --group readers --state"),
    groups("SERVER --describe --group readers --state --verbose"),
    groups("SERVER --describe --group nope"),
    groups("SERVER --describe"),
    groups("SERVER --describe --group readers --members --offsets"),
    groups("SERVER --list --members"),
    groups("SERVER --list --describe --group readers"),
    groups("--list"),
    groups("SERVER --reset-offsets --group readers --topic three --to-earliest --dry-run"),
    groups("SERVER --reset-offsets --group readers --topic three:0,2 --to-earliest --execute"),
    groups("SERVER --describe --group readers"),
    groups("SERVER --reset-offsets --group readers --topic three --shift-by 2 --execute"),
    groups("SERVER --reset-offsets --group readers --all-topics --to-offset 5"),
    groups("SERVER --reset-offsets --group readers --all-topics --to-offset 5000 --dry-run"),
    groups("SERVER --reset-offsets --group readers --all-topics --to-current --export --dry-run"),
    groups("SERVER --reset-offsets --group readers --topic three --to-datetime "
           "2020-01-01T00:00:00.000 --dry-run"),
    groups("SERVER --reset-offsets --group readers --topic three --to-datetime "
           "2100-01-01T00:00:00.000+01:00 --dry-run"),
    groups("SERVER --reset-offsets --group readers --topic three --by-duration P1D --dry-run"),
    groups("SERVER --reset-offsets --group readers --from-file {directory}/plan.csv --dry-run"),
    groups("SERVER --reset-offsets --group fresh --topic three --to-latest --execute"),
    groups("SERVER --reset-offsets --group readers --topic three:7 --to-latest --dry-run"),
    groups("SERVER --reset-offsets --group readers --topic three --to-latest --to-earliest "
           "--dry-run"),
    groups("SERVER --reset-offsets --group readers --to-latest --dry-run"),
    groups("SERVER --delete-offsets --group readers --topic three:1"),
    groups("SERVER --delete-offsets --group readers --topic nope"),
    groups("SERVER --delete-offsets --group readers"),
    groups("SERVER --delete --group fresh"),
    groups("SERVER --delete --group nope"),
    groups("SERVER --delete --group others --topic three"),
    groups("SERVER --delete --all-groups --group others"),
]

# A file that cases read.
FILES = {"plan.csv": "three,0,1\nthree,2,2\n"}

# What Java prints beside a tool's own words: logging, stack traces, the list of flags.
NOISE = re.compile(
    r"\[\w+\] |\s|java\.|joptsimple\.|org\.apache\.|Option  |---|--[\w.-]+ |The consumer rebalance "
    r"protocol|'[\w-]+ --help' lists every flag|The nearest one is|Caused by|New offset \(")
UNCAUGHT = re.compile(r'Exception in thread "main" [\w.]+: ')
REPLACED = [
    (re.compile(r"TopicId: \S+"), "TopicId: ID"),
    # Kafka writes it into the cluster's own configuration; not a topic's.
    (re.compile(r"min\.insync\.replicas=1,?"), ""),
    (re.compile(r"(CreateTime|LogAppendTime):\d+"), r"\1:TIME"),
    (re.compile(r"127\.0\.0\.1:\d+ *"), "SERVER "),
    # Kafka's console consumer leaves groups of its own behind, which widen the column.
    (re.compile(r"(?m)^console-consumer-\d+ .*\n"), ""),
    (re.compile(r"(?m)^(GROUP|others|readers) +(?=TYPE|Classic)"), r"\1 "),
    # librdkafka commits no leader epochs.
    (re.compile(r"(three +\d +)(?:0|-)( +\d+ +\d+ +\d+ +-)"), r"\1EPOCH\2"),
]
# Java puts them in the order of a hash table, another one in each run.
OPTIONS = re.compile(r"(?:\[[\w-]+\](?:, )?)+$")


def outcome(case, exit_code, stdout, stderr):
    """What of a run is compared: exit code, output, and the first words on stderr."""
    for pattern, replacement in REPLACED:
        stdout = pattern.sub(replacement, stdout)
    # A case uses ; as its line separator.
    lines = re.split(r"(?<=;)|\n", stdout)
    if case.unordered:
        lines.sort()
    said = [UNCAUGHT.sub("", line) for line in stderr.splitlines()]
    said = [line for line in said if line and not NOISE.match(line)]
    said = [OPTIONS.sub(lambda found: ", ".join(sorted(found[0].split(", "))), line)
            for line in said]
    return {"exit": exit_code, "stdout": lines, "stderr": said[:1]}
