# SPDX-License-Identifier: Apache-2.0
from case import Case, Native


def topics(arguments, **special):
    return Case("kafka-topics", arguments, **special)


def produce(arguments, stdin, **special):
    return Case("kafka-console-producer", arguments, stdin, **special)


def consume(arguments, **special):
    return Case("kafka-console-consumer", arguments, unordered=True, **special)


def groups(arguments, **special):
    return Case("kafka-consumer-groups", arguments, unordered=True, **special)


LINES = "".join(f"key{i}:value {i}\n" for i in range(40))

CASES = [
    topics("SERVER --create --topic one"),
    topics("SERVER --create --topic three --partitions 3"),
    produce("SERVER --topic three --reader-property parse.key=true --reader-property "
            "key.separator=:", LINES),
    consume("SERVER --topic three --from-beginning --group readers --max-messages 40"),
    consume("SERVER --include th.* --from-beginning --group others --max-messages 40"),
    groups("SERVER --list --state empty --type classic"),
    groups("SERVER --describe --group readers"),
    groups("SERVER --describe --group readers --offsets --verbose"),
    groups("SERVER --describe --group readers --members"),
    groups("SERVER --describe --group readers --members --verbose"),
    groups("SERVER --describe --group readers --state"),
    groups("SERVER --describe --group readers --state --verbose"),
    groups("SERVER --describe --group nope"),
    groups("SERVER --describe"),
    groups("SERVER --describe --group readers --members --offsets"),
    groups("SERVER --list --members"),
    groups("SERVER --list --describe --group readers"),
    groups("--list"),
    groups("SERVER --reset-offsets --group readers --topic three --to-earliest --dry-run"),
    groups("SERVER --reset-offsets --group readers --topic three:0,2 --to-earliest --execute"),
    groups("SERVER --describe --group readers"),
    groups("SERVER --reset-offsets --group readers --topic three --shift-by 2 --execute"),
    groups("SERVER --reset-offsets --group readers --all-topics --to-offset 5"),
    groups("SERVER --reset-offsets --group readers --all-topics --to-offset 5000 --dry-run"),
    groups("SERVER --reset-offsets --group readers --all-topics --to-current --export --dry-run"),
    groups("SERVER --reset-offsets --group readers --topic three --to-datetime "
           "2020-01-01T00:00:00.000 --dry-run"),
    groups("SERVER --reset-offsets --group readers --topic three --to-datetime "
           "2100-01-01T00:00:00.000+01:00 --dry-run"),
    groups("SERVER --reset-offsets --group readers --topic three --by-duration P1D --dry-run"),
    groups("SERVER --reset-offsets --group readers --from-file {directory}/plan.csv --dry-run"),
    groups("SERVER --reset-offsets --group fresh --topic three --to-latest --execute"),
    groups("SERVER --reset-offsets --group readers --topic three:7 --to-latest --dry-run"),
    groups("SERVER --reset-offsets --group readers --topic three --to-latest --to-earliest "
           "--dry-run"),
    groups("SERVER --reset-offsets --group readers --to-latest --dry-run"),
    groups("SERVER --delete-offsets --group readers --topic three:1"),
    groups("SERVER --delete-offsets --group readers --topic nope"),
    groups("SERVER --delete-offsets --group readers"),
    groups("SERVER --delete --group fresh"),
    groups("SERVER --delete --group nope"),
    groups("SERVER --delete --group others --topic three"),
    groups("SERVER --delete --all-groups --group others"),
]

NATIVE = [
    Native("groups list", r"(?m)^readers$"),
    Native("groups list --output json", r'"group": "readers",\n +"type": "Classic",\n +"state": '
           '"Empty"'),
    Native("groups describe readers", r"GROUP +TOPIC +PARTITION +CURRENT-OFFSET +LOG-END-OFFSET"
           r".*\nreaders +three +\d +\d+ +\d+ +\d+ +- +- +-\n"),
    Native("groups describe readers --output json", r'"lag": \d+,\n +"member_id": null,'),
    Native("groups reset-offsets more --topic three:1 --to-offset 2 --execute", "more +three +1 "),
    Native("groups describe --all-groups", r"(?s)\nmore +three +1 +2 .*\nreaders +three "),
    Native("groups describe readers --members --output json", r"\A\[\]\n\Z"),
    Native("groups describe readers --state", r"readers +127.0.0.1:\d+ +1 +- +Empty +0\n"),
    Native("groups reset-offsets readers --topic three:0 --to-offset 1 --execute --output json",
           r'"new_offset": 1\n'),
    Native("groups describe nope", stderr=r"^odradek groups: .*not", exit=1),
    Native("--bootstrap-server 127.0.0.1:1 --list", r"127\.0\.0\.1:1.*refused", exit=1,
           program="kafka-consumer-groups", needs_server=False),
]

# A file that cases read.
FILES = {"plan.csv": "three,0,1\nthree,2,2\n"}

REPLACED = [
    (r"(?m)^(GROUP|others|readers) +(?=TYPE|Classic)", r"\1 "),
    # librdkafka commits no leader epochs.
    (r"(three +\d +)(?:0|-)( +\d+ +\d+ +\d+ +-)", r"\1EPOCH\2"),
]
