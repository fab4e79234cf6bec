# SPDX-License-Identifier: Apache-2.0
from case import Case, Native

REPLACED = [
    (r'"timestamp":\d+', '"timestamp":T'),
    (r'"avg_throughput":[\d.]+', '"avg_throughput":N'),
    (r"\(For input string: \"(\w+)\"\)", r"(\1)"),
]
FILES = {"producer.properties": "linger.ms=1\n"}


def produce(arguments, **special):
    return Case("kafka-verifiable-producer", arguments, **special)


CASES = [
    Case("kafka-topics", "SERVER --create --topic t"),
    Case("kafka-topics", "SERVER --create --topic three --partitions 3"),
    produce("SERVER --topic t --max-messages 3"),
    produce("SERVER --topic t --max-messages 3 --value-prefix 7 --repeating-keys 2"),
    produce("SERVER --topic t --max-messages 3 --throughput 100 --acks 1"),
    produce("SERVER --topic t --max-messages 0"),
    produce("SERVER --topic t --max-messages 2 --message-create-time 1000"),
    produce("SERVER --topic t --max-messages 2 --command-config {directory}/producer.properties"),
    produce("SERVER --topic t --max-messages 2 --producer.config {directory}/producer.properties"),
    # Keys land where the Java producer puts them.
    produce("SERVER --topic three --max-messages 60 --repeating-keys 20", unordered=True),
    produce("SERVER --topic t --max-messages 2 --command-config a --producer.config b"),
    produce("SERVER --topic t --max-messages x"),
    produce("SERVER --topic t --acks 5"),
    produce("SERVER --max-messages 2"),
    produce("--topic t"),
    produce("SERVER --topic t --no-such-flag 1"),
    produce("SERVER --topic t --max-messages"),
    produce("SERVER --topic t extra"),
]

NATIVE = [
    Native("verify produce t --max-messages 1", r'"name":"startup_complete"\}\n.*'
           r'"name":"producer_send_success","key":null,"value":"0",.*\n.*shutdown_complete'),
    Native("verify produce 'no/topic' --max-messages 1",
           "producer_send_error.*InvalidTopicException"),
    Native("--bootstrap-server 127.0.0.1:1 --topic t", stderr=r"127\.0\.0\.1:1.*refused", exit=1,
           program="kafka-verifiable-producer", needs_server=False),
]
