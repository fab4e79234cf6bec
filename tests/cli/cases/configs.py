# SPDX-License-Identifier: Apache-2.0
from case import Case, Native


def configs(arguments, **special):
    return Case("kafka-configs", arguments, **special)


def topics(arguments, **special):
    return Case("kafka-topics", arguments, **special)


CASES = [
    topics("SERVER --create --topic orders"),
    configs("SERVER --describe --entity-type topics --entity-name orders"),
    configs("SERVER --describe --topic nope"),
    configs("SERVER --alter --topic nope --add-config retention.ms=1"),
    configs("SERVER --alter --topic orders --add-config no.such.key=1"),
    configs("SERVER --alter --topic orders --add-config retention.ms=soon"),
    configs("SERVER --alter --topic orders --add-config retention.ms"),
    configs("SERVER --alter --topic orders --add-config retention.ms=1=2"),
    configs("SERVER --alter --topic orders --add-config re~tention=1"),
    configs("SERVER --alter --topic orders"),
    configs("SERVER --alter --topic orders --add-config a=1 --add-config-file "
            "{directory}/topic.properties"),
    configs("SERVER --alter --entity-type topics --add-config retention.ms=1"),
    configs("SERVER --describe --alter --topic orders"),
    configs("SERVER --topic orders"),
    configs("SERVER --describe"),
    configs("SERVER --describe --entity-type tables"),
    configs("SERVER --describe --entity-type topics --entity-type brokers"),
    configs("SERVER --describe --entity-type topics --entity-type topics"),
    configs("SERVER --describe --entity-type topics --entity-default"),
    configs("SERVER --describe --entity-type topics --topic orders"),
    configs("SERVER --describe --topic orders --add-config retention.ms=1"),
    configs("--describe --topic orders"),
    configs("SERVER --describe --topic orders --no-such-flag"),
    configs("SERVER --describe --entity-type brokers --entity-name one"),
    configs("SERVER --describe --broker 7"),
    configs("SERVER --alter --entity-type broker-loggers --entity-name 1 --add-config nope=DEBUG"),
    configs("SERVER --describe --entity-type broker-loggers"),
]

NATIVE = [
    Native("configs describe --broker 1 --all --output json", r'"key": "log.retention.hours",\n'),
    Native("configs describe --topic nope", stderr="'nope' doesn't exist", exit=1),
    Native("configs describe --topic orders", r"^Type: topic\nName: orders\n"),
    Native("configs --bootstrap-server 127.0.0.1:1 describe --topic orders",
           stderr=r"127\.0\.0\.1:1.*refused", exit=1, needs_server=False),
]

FILES = {"topic.properties": "# two keys\nflush.ms=2000\nsegment.bytes: 2000000\n"}
