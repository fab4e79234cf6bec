# SPDX-License-Identifier: Apache-2.0
from case import Case, Native


def offsets(arguments, **special):
    return Case("kafka-get-offsets", arguments, **special)


LINES = "".join(f"key{i}:value {i}\n" for i in range(40))

CASES = [
    Case("kafka-topics", "SERVER --create --topic one"),
    Case("kafka-topics", "SERVER --create --topic many --partitions 12"),
    Case("kafka-topics", "SERVER --create --topic single"),
    Case("kafka-topics", "SERVER --create --topic empty --partitions 2"),
    Case("kafka-console-producer", "SERVER --sync --timeout 0 --topic many "
         "--reader-property parse.key=true --reader-property key.separator=:", LINES),
    Case("kafka-console-producer", "SERVER --sync --timeout 0 --topic one", "a\nb\nc\n"),
    Case("kafka-console-producer", "SERVER --sync --timeout 0 --topic single", "a\n"),
    offsets("SERVER"),
    offsets("SERVER --topic one"),
    offsets("SERVER --topic=one --time -1"),
    offsets("SERVER --topic one --time latest"),
    offsets("SERVER --topic one --time -2"),
    offsets("SERVER --topic one --time earliest"),
    offsets("SERVER --topic single --time -3"),
    offsets("SERVER --topic single --time max-timestamp"),
    offsets("SERVER --topic one --time -4"),
    offsets("SERVER --topic one --time -5"),
    offsets("SERVER --topic one --time earliest-pending-upload"),
    offsets("SERVER --topic one --time 0"),
    offsets("SERVER --topic one --time 4102444800000"),
    offsets("SERVER --topic one --time yesterday"),
    offsets("SERVER --topic many --partitions 0,3,11"),
    offsets("SERVER --topic many --partitions 3,x"),
    offsets("SERVER --topic m.* --time earliest"),
    offsets("SERVER --topic-partitions many:0-3,one,empty:1"),
    offsets("SERVER --topic-partitions many:10-,:0 --exclude-internal-topics"),
    offsets("SERVER --topic-partitions many:-2"),
    offsets("SERVER --topic-partitions many:a"),
    offsets("SERVER --topic-partitions one --topic one"),
    offsets("SERVER --topic nope"),
    offsets("SERVER --topic one --partitions 7"),
    offsets("SERVER --topic empty"),
    offsets("--topic one"),
    offsets("SERVER --no-such-flag"),
    offsets("SERVER --topic"),
    offsets("--bootstrap-server localhost --topic one"),
]

NATIVE = [
    Native("offsets one", r"one +0 +3\n"),
    Native("offsets one --output json",
           r'"topic": "one",\n +"partition": 0,\n +"offset": 3\n'),
    Native("offsets many -p 0,1", r"TOPIC +PARTITION +OFFSET\nmany +0 +\d+\nmany +1 +\d+\n\Z"),
    Native("--broker-list {server} --topic one --time -1 --offsets 1", r"\Aone:0:3\n\Z",
           program="kafka-get-offsets"),
    Native("SERVER --topic one --tim -1", exit=1,
           stderr="Error occurred: tim is not a recognized option\nThe nearest one is --time",
           program="kafka-get-offsets"),
    Native("--bootstrap-server 127.0.0.1:1", stderr=r"127\.0\.0\.1:1.*refused", exit=1,
           program="kafka-get-offsets", needs_server=False),
]
