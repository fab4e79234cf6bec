# SPDX-License-Identifier: Apache-2.0
from case import Case, Native


def delete(name, **special):
    return Case("kafka-delete-records", f"SERVER --offset-json-file {{directory}}/{name}.json",
                unordered=True, **special)


def partitions(*entries):
    return '{"partitions": [%s], "version": 1}' % ", ".join(
        '{"topic": "%s", "partition": %d, "offset": %d}' % entry for entry in entries)


FILES = {
    "first.json": partitions(("two", 0, 2), ("two", 1, 1)),
    "again.json": partitions(("two", 0, 1)),
    "end.json": partitions(("two", 0, -1)),
    "beyond.json": partitions(("two", 1, 1000)),
    "twice.json": partitions(("two", 0, 1), ("two", 0, 2)),
    "unversioned.json": '{"partitions": [{"topic": "two", "partition": 1, "offset": 2}]}',
    "version2.json": '{"partitions": [], "version": 2}',
    "empty.json": partitions(),
    "nothing.json": "",
    "list.json": "[]",
    "broken.json": '{"partitions": [\n  {"topic": "two", "partition" 0}]}',
    "members.json": '{"version": 1}',
    "no-offset.json": '{"partitions": [{"topic": "two", "partition": 0}], "version": 1}',
    "text.json": '{"partitions": [{"topic": "two", "partition": "0", "offset": 1}]}',
    "number.json": '{"partitions": [{"topic": 2, "partition": 0, "offset": 1}]}',
}

CASES = [
    Case("kafka-topics", "SERVER --create --topic two --partitions 2"),
    Case("kafka-console-producer", "SERVER --sync --timeout 0 --topic two "
         "--reader-property parse.key=true --reader-property key.separator=:",
         "".join(f"key{i}:value {i}\n" for i in range(40))),
    *(delete(name.removesuffix(".json")) for name in FILES),
    Case("kafka-get-offsets", "SERVER --topic two --time -2"),
    Case("kafka-delete-records", "--offset-json-file {directory}/first.json"),
    Case("kafka-delete-records", "SERVER"),
    Case("kafka-delete-records", "SERVER --offset-json"),
]

NATIVE = [
    Native("delete-records {directory}/first.json", r"TOPIC +PARTITION +LOW-WATERMARK +ERROR\n"
           r"two +0 +\d+ +-\n"),
    Native("delete-records {directory}/beyond.json --output json", r'"low_watermark": null,\n +'
           '"error": ".*not within the range', exit=1),
    Native("delete-records {directory}/broken.json", stderr="line 2, column 32", exit=1),
    Native("delete-records {directory}/none.json", stderr="none.json", exit=1),
]
