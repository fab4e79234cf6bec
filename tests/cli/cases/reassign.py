# SPDX-License-Identifier: Apache-2.0
from case import Case, Native


def reassign(arguments, **special):
    return Case("kafka-reassign-partitions", arguments, **special)


def plan(action, name, rest=""):
    return reassign(f"SERVER --{action} --reassignment-json-file {{directory}}/{name}.json {rest}")


FILES = {
    "same.json": '{"version": 1, "partitions": [{"topic": "two", "partition": 0, "replicas": [1]},'
                 ' {"topic": "two", "partition": 1, "replicas": [1], "log_dirs": ["any"]}]}',
    "one.json": '{"partitions": [{"topic": "two", "partition": 1, "replicas": [1]}]}',
    "gone.json": '{"partitions": [{"topic": "nope", "partition": 0, "replicas": [1]}]}',
    "topics.json": '{"version": 1, "topics": [{"topic": "two"}]}',
    "moved.json": '{"partitions": [{"topic": "two", "partition": 0, "replicas": [1],'
                  ' "log_dirs": ["/no/such"]}]}',
    "uneven.json": '{"partitions": [{"topic": "two", "partition": 0, "replicas": [1],'
                   ' "log_dirs": []}]}',
    "bad.json": '{"partitions": [{"topic": "two", "partition": 0}]}',
}

CASES = [
    Case("kafka-topics", "SERVER --create --topic two --partitions 2"),
    reassign("SERVER --list"),
    reassign("SERVER --generate --topics-to-move-json-file {directory}/topics.json "
             "--broker-list 1"),
    plan("execute", "same"),
    plan("execute", "one", "--additional"),
    plan("verify", "same"),
    plan("verify", "one", "--preserve-throttles"),
    plan("cancel", "same"),
    plan("cancel", "one", "--preserve-throttles"),
    reassign("SERVER"),
    reassign("--list"),
    reassign("SERVER --list --verify"),
    reassign("SERVER --verify"),
    reassign("SERVER --execute"),
    reassign("SERVER --generate --broker-list 1"),
    reassign("{server} --bootstrap-server {server} --bootstrap-controller {server} --list"),
]

REPLACED = [(r'"log_dirs":\["/[^"]*"\]', '"log_dirs":["DIRECTORY"]')]

NATIVE = [
    Native("reassign execute --reassignment-json-file {directory}/uneven.json", exit=1,
           stderr=r"Size of replicas list \[1\] is different from size of log dirs list \[\] for "
                  "partition two-0"),
    Native("reassign verify --reassignment-json-file {directory}/moved.json",
           "Partition two-0 on broker 1 is not being moved from log dir .* to /no/such",
           needs_server=True),
    Native("reassign list", "^No partition reassignments found", needs_server=True),
    Native("reassign execute --reassignment-json-file {directory}/bad.json",
           stderr="No such field exists: `replicas`", exit=1),
    Native("reassign execute --reassignment-json-file {directory}/gone.json", exit=1),
    Native("SERVER --generate --topics-to-move-json-file {directory}/topics.json --broker-list 7",
           "Error: Unknown broker id 7", exit=1, program="kafka-reassign-partitions"),
]
