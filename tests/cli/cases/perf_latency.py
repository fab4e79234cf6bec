# SPDX-License-Identifier: Apache-2.0
from case import Case, Native

REPLACED = [
    (r"(?m)^0\t[\d.E-]+", "0\tN"),
    (r"Avg latency: [\d.]+ ms", "Avg latency: N ms"),
    (r"(?m)^(Percentiles: 50th) = \d+, (99th) = \d+, (99.9th) = \d+", r"\1 = N, \2 = N, \3 = N"),
]
FILES = {"client.properties": "client.id=from-file\n"}


def latency(arguments, **special):
    return Case("kafka-e2e-latency", arguments, **special)


NAMED = "SERVER --topic t --num-records 20 --producer-acks all --record-size 100"

CASES = [
    Case("kafka-topics", "SERVER --create --topic t --partitions 2"),
    latency(NAMED),
    latency("SERVER --topic t --num-records 20 --producer-acks 1 --record-size 0"),
    latency("{server} t 20 all 100"),
    latency("{server} t 20 1 100 {directory}/client.properties"),
    latency(f"{NAMED} --record-key-size 10 --num-headers 2 --record-header-key-size 3 "
            "--record-header-size 4"),
    latency(f"{NAMED} --num-headers 1 --record-header-key-size 3 --record-header-size -1"),
    latency(f"{NAMED} --command-config {{directory}}/client.properties"),
    latency("SERVER --topic made --num-records 2 --producer-acks 1 --record-size 10"),
    latency("{server} t 20 all"),
    latency("{server} t 20 0 100"),
    latency("SERVER --topic t --num-records 20 --producer-acks 0 --record-size 100"),
    latency("SERVER --topic t --num-records 0 --producer-acks 1 --record-size 100"),
    latency("SERVER --topic t --num-records 20 --producer-acks 1 --record-size -1"),
    latency("SERVER --topic t --num-records 20 --producer-acks 1"),
    latency("--topic t --num-records 20 --producer-acks 1 --record-size 100"),
    latency(f"{NAMED} --num-headers -1"),
    latency(f"{NAMED} --record-key-size -1"),
    latency(f"{NAMED} --record-header-size -2"),
    latency(f"{NAMED} --no-such-flag"),
]

NATIVE = [
    Native("perf latency t -n 10 --producer-acks all --record-size 10",
           r"^0\t[\d.]+\nAvg latency: [\d.]+ ms\nPercentiles: 50th = \d+, 99th"),
    Native("perf latency t -n 10 --producer-acks 1 --record-size 10 --output json",
           r'"average_latency_ms": [\d.]+'),
    Native("127.0.0.1:1 t 10 1 10", stderr=r"127\.0\.0\.1:1.*refused", exit=1,
           program="kafka-e2e-latency", needs_server=False),
]
