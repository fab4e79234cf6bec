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
    produce("SERVER --topic one --compression-codec zstd", "compressed\n"),
    produce("SERVER --topic one --compression-codec", "compressed as gzip\n"),
    produce("SERVER --topic one --sync --request-required-acks 1", "waited for\n"),
    produce("SERVER --topic one --reader-property parse.key=true --reader-property "
            "ignore.error=true", "no key here\n"),
    produce("SERVER --topic one --command-property client.id=me --batch-size 100 --timeout 5",
            "with properties\n"),
    produce("SERVER --topic one --producer-property acks=all", "with an old flag\n"),
    produce("--topic one", "x\n"),
    produce("SERVER", "x\n"),
    produce("--bootstrap-server nonsense --topic one", "x\n"),
    produce("SERVER --topic one --property a=b --reader-property c=d", "x\n"),
    produce("SERVER --topic one --no-such-flag", "x\n"),
    # With partitions and offsets: keys must lie where the Java producer puts them.
    consume("SERVER --topic three --from-beginning --max-messages 40 --formatter-property "
            "print.key=true --formatter-property print.partition=true --formatter-property "
            "print.offset=true"),
]

NATIVE = [
    Native("topics create mine", "Created topic mine."),
    Native("produce mine", "^$", stdin="hello\n"),
    Native("produce mine --reader-property 'headers.separator=\t'", exit=1,
           stderr="headers.delimiter and headers.separator may not be equal"),
    Native("produce mine --reader-property parse.key=true", exit=1, stdin="a\tb\nnone\n",
           stderr=r"line number 2.*1 records were acknowledged"),
    Native("--bootstrap-server 127.0.0.1:1 --topic t", stderr=r"127\.0\.0\.1:1.*refused", exit=1,
           program="kafka-console-producer", needs_server=False),
]
