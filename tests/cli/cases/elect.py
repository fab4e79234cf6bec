# SPDX-License-Identifier: Apache-2.0
from case import Case, Native


def elect(arguments, **special):
    return Case("kafka-leader-election", arguments, **special)


FILES = {
    "partitions.json": '{"partitions": [{"topic": "one", "partition": 0}]}',
    "unknown.json": '{"partitions": [{"topic": "nope", "partition": 3}]}',
    "twice.json": '{"partitions": [{"topic": "one", "partition": 0}, '
                  '{"topic": "one", "partition": 0}]}',
    "nothing.json": "{}",
    "broken.json": "{",
}

CASES = [
    Case("kafka-topics", "SERVER --create --topic one"),
    elect("SERVER --election-type preferred --topic one --partition 0"),
    elect("SERVER --election-type PREFERRED --all-topic-partitions"),
    elect("SERVER --election-type unclean --topic one --partition 0"),
    elect("SERVER --election-type unclean --all-topic-partitions"),
    elect("SERVER --election-type preferred --path-to-json-file {directory}/partitions.json"),
    elect("SERVER --election-type preferred --path-to-json-file {directory}/unknown.json"),
    elect("SERVER --election-type preferred --path-to-json-file {directory}/twice.json"),
    elect("SERVER --election-type preferred --path-to-json-file {directory}/nothing.json"),
    elect("SERVER --election-type preferred --path-to-json-file {directory}/broken.json"),
    elect("SERVER --election-type preferred --topic nope --partition 0"),
    elect("SERVER --election-type preferred --topic one --partition 7"),
    elect("SERVER --election-type preferred"),
    elect("SERVER --election-type preferred --topic one"),
    elect("SERVER --election-type preferred --all-topic-partitions --partition 0"),
    elect("SERVER --election-type preferred --all-topic-partitions --topic one"),
    elect("SERVER --election-type best --all-topic-partitions"),
    elect("SERVER --all-topic-partitions"),
    elect("--all-topic-partitions"),
    elect("SERVER --election-type"),
]

NATIVE = [
    Native("elect one --partition 0 --election-type preferred",
           r"TOPIC +PARTITION +RESULT\none +0 +"),
    Native("elect nope --partition 0 --election-type preferred --output json",
           '"topic": "nope"', exit=1),
    Native("elect --election-type preferred --path-to-json-file {directory}/broken.json",
           stderr="line 1, column 2", exit=1),
    # The older form, of Kafka 2.2.
    Native("SERVER --path-to-json-file {directory}/partitions.json",
           r"\ASuccessfully completed preferred replica election for partitions one-0\n\Z",
           program="kafka-preferred-replica-election"),
    Native("SERVER", r"\A\Z", program="kafka-preferred-replica-election.sh"),
    Native("SERVER --path-to-json-file {directory}/unknown.json",
           r"\AError completing preferred replica election for partition nope-3: .*",
           r"\A1 preferred replica\(s\) could not be elected\n\Z", exit=1,
           program="kafka-preferred-replica-election"),
    Native("SERVER --path-to-json-file {directory}/twice.json", stderr="duplicate partitions",
           exit=1, program="kafka-preferred-replica-election"),
    Native("--zookeeper 127.0.0.1:", stderr="zookeeper.connect", exit=1,
           program="kafka-preferred-replica-election", needs_server=False),
    Native("SERVER --zookeeper 127.0.0.1:2181", stderr="Exactly one of", exit=1,
           program="kafka-preferred-replica-election"),
    Native("--path-to-json-file {directory}/partitions.json", stderr="Exactly one of", exit=1,
           program="kafka-preferred-replica-election", needs_server=False),
    Native("elect-preferred --output json", r"\A\[\]\n\Z"),
]
