# SPDX-License-Identifier: Apache-2.0
from case import Case, Native


def topics(arguments, **special):
    return Case("kafka-topics", arguments, **special)


def produce(arguments, stdin, **special):
    return Case("kafka-console-producer", arguments, stdin, **special)


def consume(arguments, **special):
    return Case("kafka-console-consumer", arguments, unordered=True, **special)


LINES = "".join(f"key{i}:value {i}\n" for i in range(40))

CASES = [
    topics("SERVER --create --topic one"),
    topics("SERVER --create --topic three --partitions 3"),
    produce("SERVER --topic three --reader-property parse.key=true --reader-property "
            "key.separator=:", LINES),
    produce("SERVER --topic one --property parse.key=true --property parse.headers=true --property "
            "null.marker=NULL", "h1:a,h2:b\tk\tv\nNULL\tNULL\tNULL\nh:NULL\tk2\tv2\n"),
    produce("SERVER --topic one", "".join(f"line {i}\n" for i in range(6))),
    # With partitions and offsets: keys must lie where the Java producer puts them.
    consume("SERVER --topic three --from-beginning --max-messages 40 --formatter-property "
            "print.key=true --formatter-property print.partition=true --formatter-property "
            "print.offset=true"),
    consume("SERVER --topic three --partition 1 --offset 3 --max-messages 4"),
    consume("SERVER --topic three --partition 0 --offset earliest --max-messages 2"),
    consume("SERVER --topic three --partition 2 --from-beginning --max-messages 2 "
            "--formatter-property print.timestamp=true --formatter-property key.separator=|"),
    consume("SERVER --topic one --from-beginning --max-messages 9 --formatter-property "
            "print.key=true --formatter-property print.headers=true --formatter-property "
            "null.literal=(none)"),
    consume("SERVER --topic one --from-beginning --max-messages 9 --property print.value=false "
            "--property print.key=true"),
    consume("SERVER --topic one --from-beginning --max-messages 9 --isolation-level "
            "read_committed --formatter-property line.separator=;"),
    consume("SERVER --topic three --from-beginning --group readers --max-messages 40"),
    consume("SERVER --topic three --group readers --timeout-ms 2000"),
    consume("SERVER --include th.* --from-beginning --group others --max-messages 40"),
    consume("SERVER --topic three --max-messages 0"),
    consume("SERVER"),
    consume("SERVER --topic three --include three"),
    consume("--topic three"),
    consume("SERVER --topic three --offset 3"),
    consume("SERVER --topic three --partition 0 --offset -3"),
    consume("SERVER --topic three --partition 0 --offset 3 --from-beginning"),
    consume("SERVER --topic three --partition 0 --group g"),
]

NATIVE = [
    Native("topics create mine", "Created topic mine."),
    Native("produce mine", "^$", stdin="hello\n"),
    Native("produce mine --property parse.key=true --property parse.headers=true", "^$",
           stdin="a:1\tk\tsaid \"so\"\n"),
    Native("consume mine --from-beginning -n 1", "^hello\n"),
    Native("consume mine --from-beginning -n 2 --output json",
           r'\A{"topic":"mine","partition":0,"offset":0,"timestamp":\d+,"timestamp_type":'
           r'"CreateTime","key":null,"value":"hello","headers":\[\]}\n{"topic":.*"key":"k","value":'
           r'"said \\"so\\"","headers":\[{"key":"a","value":"1"}\]}\n\Z'),
    Native("--bootstrap-server 127.0.0.1:1 --topic t", stderr=r"127\.0\.0\.1:1.*refused", exit=1,
           program="kafka-console-consumer", needs_server=False),
]
