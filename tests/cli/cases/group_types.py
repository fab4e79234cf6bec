# SPDX-License-Identifier: Apache-2.0
from case import Case, Native


def groups(arguments, **special):
    return Case("kafka-groups", arguments, unordered=True, **special)


def share(arguments, **special):
    return Case("kafka-share-groups", arguments, **special)


def streams(arguments, **special):
    return Case("kafka-streams-groups", arguments, **special)


CASES = [
    groups("SERVER --list"),
    Case("kafka-topics", "SERVER --create --topic one"),
    Case("kafka-console-producer", "SERVER --sync --timeout 0 --topic one", "a\nb\n"),
    Case("kafka-console-consumer", "SERVER --topic one --group readers --from-beginning "
         "--max-messages 2"),
    groups("SERVER --list"),
    groups("SERVER --list --consumer"),
    groups("SERVER --list --share"),
    groups("SERVER --list --streams"),
    groups("SERVER --list --group-type classic"),
    groups("SERVER --list --group-type classic --protocol consumer"),
    groups("SERVER --list --group-type classic --protocol connect"),
    groups("SERVER --list --group-type share"),
    groups("SERVER --list --protocol consumer"),
    groups("SERVER --list --protocol connect"),
    groups("SERVER --list --group-type best"),
    groups("SERVER --list --consumer --share"),
    groups("SERVER --list --streams --protocol x"),
    groups("SERVER"),
    groups("--list"),
    share("SERVER --list"),
    share("SERVER --list --state"),
    share("SERVER --list --state empty,stable"),
    share("SERVER --describe --group nope"),
    share("SERVER --describe --group nope --members"),
    share("SERVER --describe --group nope --state"),
    share("SERVER --describe --all-groups"),
    share("SERVER --describe"),
    share("SERVER --describe --group nope --members --offsets"),
    share("SERVER --delete --group nope"),
    share("SERVER --delete"),
    share("SERVER --delete --group nope --topic one"),
    share("SERVER --delete-offsets --group nope"),
    share("SERVER --reset-offsets --group nope --topic one --to-earliest"),
    share("SERVER --reset-offsets --group nope --dry-run --to-earliest"),
    share("SERVER --reset-offsets --group nope --topic one --dry-run"),
    share("SERVER --list --verbose"),
    share("SERVER --list --describe --all-groups"),
    share("SERVER"),
    share("--list"),
    streams("SERVER --list"),
    streams("SERVER --list --state"),
    streams("SERVER --describe --group nope"),
    streams("SERVER --describe --group nope --members"),
    streams("SERVER --describe --group nope --state"),
    streams("SERVER --describe --all-groups"),
    streams("SERVER --describe"),
    streams("SERVER --describe --group nope --state --offsets"),
    streams("SERVER --delete --group nope"),
    streams("SERVER --delete"),
    streams("SERVER --delete --group nope --input-topic one"),
    streams("SERVER --delete-offsets --group nope"),
    streams("SERVER --reset-offsets --group nope --to-earliest"),
    streams("SERVER --reset-offsets --dry-run --to-earliest"),
    streams("SERVER --execute --list"),
    streams("SERVER --list --verbose"),
    streams("SERVER"),
    streams("--list"),
]

REPLACED = [(r"(?m)^console-consumer-\d+ .*\n", "")]

NATIVE = [
    Native("all-groups", r"GROUP +TYPE +PROTOCOL\nreaders +Classic +consumer\n"),
    Native("all-groups --output json", '"group": "readers",\n +"type": "Classic"'),
    Native("share-groups list --output json", r"\A\[\]\n\Z"),
    Native("share-groups describe nope", stderr="Group nope not found", exit=1),
    Native("streams-groups describe nope", stderr="Group nope not found", exit=1),
]
