# SPDX-License-Identifier: Apache-2.0
from case import Case, Native

REPLACED = [
    (r'"timestamp":\d+', '"timestamp":T'),
    # How many records come at once is left to the client.
    (r'"records_consumed","count":\d+', '"records_consumed","count":N'),
]
FILES = {"consumer.properties": "fetch.min.bytes=1\n"}


def consume(arguments, **special):
    return Case("kafka-verifiable-consumer", arguments, **special)


CASES = [
    Case("kafka-topics", "SERVER --create --topic t"),
    Case("kafka-topics", "SERVER --create --topic three --partitions 3"),
    Case("kafka-console-producer", "SERVER --topic t --reader-property parse.key=true",
         "a\t1\nb\t2\nc\t3\nd\t4\n"),
    Case("kafka-console-producer", "SERVER --topic three --reader-property parse.key=true",
         "a\t1\nb\t2\nc\t3\nd\t4\n"),
    consume("SERVER --topic t --group-id g1 --max-messages 4"),
    consume("SERVER --topic t --group-id g2 --max-messages 4 --verbose"),
    consume("SERVER --topic t --group-id g3 --max-messages 2 --verbose --enable-autocommit"),
    consume("SERVER --topic t --group-id g4 --max-messages 4 --group-instance-id i "
            "--session-timeout 10000"),
    consume("SERVER --topic t --group-id g5 --max-messages 4 --assignment-strategy "
            "org.apache.kafka.clients.consumer.RoundRobinAssignor"),
    consume("SERVER --topic t --group-id g6 --max-messages 4 --assignment-strategy "
            "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"),
    consume("SERVER --topic t --group-id g7 --max-messages 4 --reset-policy earliest "
            "--command-config {directory}/consumer.properties"),
    consume("SERVER --topic t --group-id g8 --max-messages 4 --consumer.config "
            "{directory}/consumer.properties"),
    consume("SERVER --topic t --group-id g9 --max-messages 4 --group-protocol classic"),
    consume("SERVER --topic t --group-id g --max-messages 0"),
    consume("SERVER --topic t --group-id g --command-config a --consumer.config b"),
    consume("SERVER --topic t --group-id g --max-messages x"),
    consume("SERVER --topic t"),
    consume("SERVER --group-id g"),
    consume("--topic t --group-id g"),
    consume("SERVER --topic t --group-id g --no-such-flag"),
    consume("SERVER --topic t --group-id g --session-timeout"),
]

NATIVE = [
    Native("verify consume t --group-id mine --max-messages 4", "partitions_assigned"),
    Native("SERVER --topic t --group-id g --group-protocol consumer", exit=1,
           stderr="only classic is there", program="kafka-verifiable-consumer"),
    Native("--bootstrap-server 127.0.0.1:1 --topic t --group-id g",
           stderr=r"127\.0\.0\.1:1.*refused", exit=1, program="kafka-verifiable-consumer",
           needs_server=False),
]
