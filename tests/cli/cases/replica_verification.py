# SPDX-License-Identifier: Apache-2.0
from case import Case, Native

REPLACED = [
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}: ", "TIME: "),
    # What Kafka's tool logs.
    (r"(?m)^\[main\] ERROR \S+ - ", ""),
]
REPORT = "max lag is 0 "
BROKERS = "--broker-list {server}"


def verify(arguments, **special):
    return Case("kafka-replica-verification", arguments, **special)


CASES = [
    verify(f"{BROKERS}"),
    Case("kafka-topics", "SERVER --create --topic one"),
    Case("kafka-topics", "SERVER --create --topic two --partitions 2"),
    Case("kafka-console-producer", "SERVER --sync --timeout 0 --topic one", "a\nb\nc\n"),
    verify(f"{BROKERS} --topics-include one --report-interval-ms 0", until=REPORT),
    verify(f"{BROKERS} --topics-include one --report-interval-ms 0 --time -2", until=REPORT),
    verify(f"{BROKERS} --topics-include one --report-interval-ms 0 --time 0 --fetch-size 1",
           until=REPORT),
    verify(f"{BROKERS} --topics-include=one --report-interval-ms=1 --time -1 --max-wait-ms 20",
           until=REPORT),
    verify(f"{BROKERS} --topics-include one,nope --report-interval-ms 0 --time -2",
           until=REPORT),
    verify(f"{BROKERS} --topics-include one --time -2", until="is started"),
    verify(f"{BROKERS} --topics-include nope"),
    verify(f"{BROKERS} --topics-include on"),
    verify(f"{BROKERS} --topics-include ["),
    verify(f"{BROKERS} --fetch-size big"),
    verify(f"{BROKERS} --max-wait-ms 99999999999"),
    verify(f"{BROKERS} --time yesterday"),
    verify(f"{BROKERS} --report-interval-ms 1.5"),
    verify(f"{BROKERS} --topics-include"),
    verify(f"{BROKERS} --no-such-flag"),
    verify("--broker-list localhost"),
    verify("--topics-include one"),
]

NATIVE = [
    Native("verify replicas one --time -2 --report-interval-ms 0 --output json",
           r'(?s)\A\{[^\n]*"event":"start"\}\n.*"max_lag":0,"topic":"one","partition":0,"offset":3,'
           r'"partitions":1\}\n\Z', until='"max_lag":0', exit=130),
    Native("verify replicas nope", stderr="No topics found", exit=1),
    Native("verify replicas one --tim -2", stderr="nearest one is --time", exit=1),
    Native("SERVER --topic-white-list nope", stderr="No topics found", exit=1,
           program="kafka-replica-verification"),
    Native("--broker-list 127.0.0.1:1", stderr=r"127\.0\.0\.1:1.*refused", exit=1,
           program="kafka-replica-verification", needs_server=False),
]
