# SPDX-License-Identifier: Apache-2.0
from case import Case, Native


def topics(arguments, **special):
    return Case("kafka-topics", arguments, **special)


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
]

NATIVE = [
    Native("topics create mine", r"^Created topic mine\.\n$"),
    Native("topics create also --partitions 2 --config retention.ms=5000 --output json",
           r'"topic": "also",\n  "message": "Created topic also\."'),
    Native("topics list", r"(?m)\Aalso\nmine\n"),
    Native("topics list --output table", r"(?m)^TOPIC +PARTITIONS +REPLICATION-FACTOR.*\n"
           r"also +2 +1 "),
    Native("topics list --output json --topic also", r'(?s)\A\[\n  {.*"topic": "also",\n'
           r' +"partitions": 2'),
    Native("topics describe also", r"Topic: also\n(.*\n)*Configs:\n  retention\.ms: 5000\n"
           r"PARTITION  LEADER  REPLICAS  IN-SYNC\n0          1       1         1\n"),
    Native("topics describe also --output json", r'"replicas": \[1\],'),
    Native("topics describe also --color always", "\033\\[1mPARTITION\033"),
    Native("topics describe --under-replicated-partitions --output json", r"\A\[\]\n\Z"),
    Native("topics alter also --partitions 3", r"^3 partitions now: also\.$"),
    Native("topics delete also", r"^Deleted also\.$"),
    Native("topics list --output xml", stderr=r"--output is plain, table or json, not 'xml'",
           exit=1),
    Native("--bootstrap-server {server} --list --output json", exit=1, program="kafka-topics",
           stderr="output is not a recognized option"),
    Native("topics --list -b 127.0.0.1:1", stderr=r"127\.0\.0\.1:1.*refused", exit=1,
           needs_server=False),
    Native("--bootstrap-server 127.0.0.1:1 --list", r"127\.0\.0\.1:1.*refused", exit=1,
           program="kafka-topics", needs_server=False),
    Native("--partition 1", stderr=r"partition is not a recognized option\n"
           r"The nearest one is --partitions", exit=1, program="kafka-topics", needs_server=False),
]
