# SPDX-License-Identifier: Apache-2.0
"""Lines of kafka-consumer-perf-test, with its numbers left out."""
from case import Case, Native

NUMBER = r"(?:\d+(?:\.\d+)?|NaN|Infinity)"
TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\d{3}"
REPLACED = [
    # As many lines as the run takes time for; the last ones of Kafka's are missing, too.
    (rf"(?m)^{TIME}, 0(?:, {NUMBER})+\n", ""),
    (rf"{TIME}, {TIME}, ({NUMBER}), {NUMBER}, (\d+)(?:, {NUMBER}){{5}}",
     r"TIME, TIME, \1, N, \2, N, N, N, N, N"),
    (rf"(\d\d/\d\d/\d\d \d\d'\d\d), \1(?:, {NUMBER})+", "OTHER TIMES"),
    (r"(?s)\nMetric Name .*", "Metric Name"),
]
FILES = {"consumer.properties": "client.id=from-file\n"}


def perf(arguments, **special):
    return Case("kafka-consumer-perf-test", arguments, **special)


CASES = [
    Case("kafka-topics", "SERVER --create --topic t --partitions 3"),
    Case("kafka-console-producer", "SERVER --topic t --batch-size 10",
         "".join(f"{i:01023}\n" for i in range(1024))),
    perf("SERVER --topic t --num-records 1024"),
    perf("SERVER --topic t --messages 1024 --hide-header"),
    perf("SERVER --include t.* --num-records 1024 --group g1 --fetch-size 1024"),
    perf("SERVER --topic t --num-records 1024 --show-detailed-stats --reporting-interval 1"),
    perf("SERVER --topic t --num-records 1024 --show-detailed-stats --hide-header"),
    perf("SERVER --topic t --num-records 2000 --timeout 1500"),
    perf("SERVER --topic t --num-records 1 --from-latest --timeout 1000"),
    perf("SERVER --topic t --num-records 1024 --print-metrics --socket-buffer-size 65536"),
    perf("SERVER --topic t --num-records 1024 --consumer.config {directory}/consumer.properties"),
    perf("SERVER --topic t --num-records 1024 --command-config {directory}/consumer.properties "
         "--command-property fetch.min.bytes=1"),
    perf("SERVER --topic t --num-records 0"),
    perf("--topic t --num-records 5"),
    perf("SERVER --num-records 5"),
    perf("SERVER --topic t --include t --num-records 5"),
    perf("SERVER --topic t"),
    perf("SERVER --topic t --num-records 5 --messages 5"),
    perf("SERVER --topic t --num-records x"),
    perf("SERVER --topic t --num-records 5 --reporting-interval x"),
    perf("SERVER --topic t --num-records 5 --reporting-interval 0"),
    perf("SERVER --topic t --num-records 5 --command-config a --consumer.config b"),
    perf("SERVER --topic t --num-records 5 --no-such-flag"),
    perf("SERVER --topic t --num-records"),
    perf("SERVER --topic t --num-records 5 --fetch-size 99999999999"),
]

NATIVE = [
    Native("perf consume t --num-records 1024", r"^start.time, .*\n.*, 1024, "),
    Native("perf consume t -n 1024 --output json", r'"records": 1024,\n'),
    Native("perf consume t -n 1024 --hide-header --date-format yyyy", r"^20\d\d, 20\d\d, 0\.9990"),
    Native("perf consume t -n 1 --date-format b", exit=1, stderr="Illegal pattern character 'b'"),
    # Flags of older versions.
    Native("--broker-list {server} --topic t --messages 1024 --threads 1 --num-fetch-threads 1",
           r", 1024, ", program="kafka-consumer-perf-test"),
    Native("--bootstrap-server 127.0.0.1:1 --topic t --num-records 1",
           stderr=r"127\.0\.0\.1:1.*refused", exit=1, program="kafka-consumer-perf-test",
           needs_server=False),
]
