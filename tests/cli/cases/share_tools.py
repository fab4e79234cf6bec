# SPDX-License-Identifier: Apache-2.0
"""What the tools of share groups refuse; the groups themselves are not there."""
from case import Case, Native


def consume(arguments):
    return Case("kafka-console-share-consumer", arguments)


def perf(arguments):
    return Case("kafka-share-consumer-perf-test", arguments)


def verify(arguments):
    return Case("kafka-verifiable-share-consumer", arguments)


CASES = [
    Case("kafka-topics", "SERVER --create --topic t"),
    consume("SERVER"),
    consume("--topic t"),
    consume("SERVER --topic t --reject --release"),
    consume("SERVER --topic t --consumer-property a=b --command-property c=d"),
    consume("SERVER --topic t --consumer-config a --command-config b"),
    consume("SERVER --topic t --no-such-flag"),
    consume("SERVER --topic"),
    perf("SERVER --num-records 5"),
    perf("--topic t --num-records 5"),
    perf("SERVER --topic t"),
    perf("SERVER --topic t --num-records 5 --messages 5"),
    perf("SERVER --topic t --num-records 5 --consumer.config a --command-config b"),
    perf("SERVER --topic t --num-records 5 --no-such-flag"),
    perf("SERVER --topic t --num-records"),
    verify("SERVER --topic t"),
    verify("SERVER --group-id g"),
    verify("--topic t --group-id g"),
    verify("SERVER --topic t --group-id g --max-messages x"),
    verify("SERVER --topic t --group-id g --no-such-flag"),
    verify("SERVER --topic t --group-id g --max-messages"),
]

REFUSED = "share group .*: the server does not offer share groups"

NATIVE = [
    Native("share-consume t --group g", exit=1, stderr=REFUSED),
    Native("perf share t --num-records 5", exit=1, stderr=REFUSED),
    Native("verify share t --group-id g", exit=1, stderr=REFUSED),
    Native("SERVER --topic t", exit=1, stderr=REFUSED, program="kafka-console-share-consumer"),
]
