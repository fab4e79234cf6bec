# SPDX-License-Identifier: Apache-2.0
"""Lines of kafka-producer-perf-test, with its numbers left out."""
from case import Case, Native

NUMBER = r"(?:\d+(?:\.\d+)?|NaN|Infinity)"
REPLACED = [
    (r"Reading payloads from: .*", "Reading payloads from: FILE"),
    (r"\d+ steady state", "N steady state"),
    # As many windows as the run takes time for.
    (rf"(?m)^(?:In steady state\.|\d+ records sent, .* max latency\.)\n", ""),
    (rf"{NUMBER} (?=records/sec|MB/sec|ms (?:avg|max|50th|95th|99th|99\.9th))", "N "),
    (r"(?s)\nMetric Name .*", "Metric Name"),
    (r"\(For input string: \"(\w+)\"\)", r"(\1)"),
]
FILES = {
    "lines.txt": "one\ntwo\nthree\n",
    "semicolons.txt": "one;two;three",
    "empty.txt": "",
    "producer.properties": "acks=1\nclient.id=from-file\n",
}


def perf(arguments, **special):
    return Case("kafka-producer-perf-test", arguments, **special)


NUMBERS = "--topic t --num-records 500 --throughput -1"

CASES = [
    Case("kafka-topics", "SERVER --create --topic t --partitions 3"),
    perf(f"SERVER {NUMBERS} --record-size 100"),
    perf(f"{NUMBERS} --record-size 100 --producer-props bootstrap.servers={{server}} acks=1"),
    perf(f"SERVER {NUMBERS} --record-size 10 --command-property acks=all linger.ms=1 "
         "compression.type=lz4 batch.size=65536 buffer.memory=1048576"),
    perf(f"SERVER {NUMBERS} --payload-file {{directory}}/lines.txt"),
    perf(f"SERVER {NUMBERS} --payload-file {{directory}}/semicolons.txt --payload-delimiter ;"),
    perf(f"SERVER {NUMBERS} --payload-monotonic"),
    perf("SERVER --topic t --num-records 500 --throughput 1000 --record-size 10 "
         "--reporting-interval 100 --warmup-records 200"),
    perf(f"SERVER {NUMBERS} --record-size 10 --producer.config {{directory}}/producer.properties"),
    perf(f"SERVER {NUMBERS} --record-size 10 --command-config {{directory}}/producer.properties "
         "--print-metrics"),
    perf("SERVER --topic t --num-records 5 --throughput 1000.5 --record-size 1"),
    perf("SERVER --topic t --num-rec 5 --throughput=-1 --record-size 1"),
    Case("kafka-console-consumer",
         "SERVER --topic t --from-beginning --max-messages 4510 --timeout-ms 10000 "
         "--formatter-property print.value=false"),
    perf("--num-records 5 --throughput -1 --record-size 10"),
    perf("--topic t --num-records 5 --record-size 10"),
    perf("--topic t --throughput -1 --record-size 10"),
    perf("--topic t --num-records x --throughput -1 --record-size 10"),
    perf("--topic t --num-records 5 --throughput x --record-size 10"),
    perf("--topic t --num-records 5 --throughput -1 --record-size 1.5"),
    perf("--topic t --num-records 5 --throughput -1 --record-size 9999999999"),
    perf("--topic t --num-records 5 --throughput -1"),
    perf("--topic t --num-records 5 --throughput -1 --record-size 5 --payload-monotonic"),
    perf("--topic t --num-records 5 --throughput -1 --record-size 5"),
    perf("SERVER --topic t --num-records 0 --throughput -1 --record-size 5"),
    perf("SERVER --topic t --num-records 5 --throughput -1 --record-size 0"),
    perf("SERVER --topic t --num-records 5 --throughput -1 --record-size 5 --warmup-records 5"),
    perf("SERVER --topic t --num-records 5 --throughput -1 --record-size 5 --reporting-interval 0"),
    perf("SERVER --topic t --num-records 5 --throughput -1 --record-size 5 "
         "--transaction-duration-ms 0"),
    perf("SERVER --topic t --num-records 5 --throughput -1 --record-size 5 --producer-props acks=1 "
         "--command-property acks=1"),
    perf("SERVER --topic t --num-records 5 --throughput -1 --record-size 5 --command-config a "
         "--producer.config b"),
    perf("SERVER --topic t --num-records 5 --throughput -1 --record-size 5 --no-such-flag"),
    perf("SERVER --topic t --num-records 5 --throughput -1 --record-size"),
    perf("SERVER --topic t --num-records 5 --throughput -1 --record-size 5 extra"),
    perf("SERVER --topic t --num-records 5 --throughput -1 --record-size 5 --command-property"),
    perf("SERVER --topic t --num-records 5 --throughput -1 --p"),
    perf("SERVER --topic t --num-records 5 --throughput -1 --record-size 5 --command-property a"),
    perf("SERVER --topic t --num-records 5 --throughput -1 --payload-file {directory}/empty.txt"),
    perf("SERVER --topic t --num-records 5 --throughput -1 --payload-file {directory}/none.txt"),
]

NATIVE = [
    Native("topics create mine", "Created topic mine."),
    Native("perf produce mine --num-records 1000 --record-size 100",
           r"^1000 records sent, [\d.]+ records/sec \([\d.]+ MB/sec\), [\d.]+ ms avg latency, "
           r"[\d.]+ ms max latency, \d+ ms 50th, \d+ ms 95th, \d+ ms 99th, \d+ ms 99.9th.\n$"),
    Native("perf produce mine -n 10 --record-size 10 --output json", r'"records": 10,\n'),
    Native("perf produce mine -n 10 --record-size 10 --command-property no.such.key=1", exit=1,
           stderr="no.such.key"),
    # Kafka's tool logs a warning and goes on.
    Native("SERVER --topic mine --num-records 10 --record-size 10 --throughput -1 "
           "--command-property no.such.key=1", r"^10 records sent", stderr="no.such.key",
           program="kafka-producer-perf-test"),
    Native("perf produce mine -n 10 --record-size 2000000", r"^0 records sent", exit=1,
           stderr="Message size too large"),
    Native("perf produce mine -n 10 --record-size 10 --transactional-id x", exit=1,
           stderr="transactional.id=x: The version of API is not supported"),
    Native("perf", exit=1, stderr="odradek perf produce", needs_server=False),
    Native("perf --help", "odradek perf consume", needs_server=False),
    Native("--bootstrap-server 127.0.0.1:1 --topic t --num-records 1 --record-size 1 "
           "--throughput -1", stderr=r"127\.0\.0\.1:1.*refused", exit=1,
           program="kafka-producer-perf-test", needs_server=False),
]
