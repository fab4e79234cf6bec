# SPDX-License-Identifier: Apache-2.0
from case import Case, Native

FILES = {
    "plan.csv": "orders,0,2\n",
    "wrong.csv": "orders,0\n",
    "client.properties": "client.id=me\n",
}


def reset(arguments, **special):
    return Case("kafka-streams-application-reset", arguments, **special)


def topic(name):
    return Case("kafka-topics", f"SERVER --create --topic {name}")


APP = "SERVER --application-id app"
INPUT = f"{APP} --input-topics orders"

CASES = [
    topic("orders"),
    topic("middle"),
    topic("app-store-changelog"),
    topic("app-by-key-repartition"),
    topic("app-of-mine"),
    Case("kafka-console-producer", "SERVER --topic orders", "1\n2\n3\n4\n5\n"),
    Case("kafka-console-producer", "SERVER --topic middle", "1\n2\n3\n"),
    reset(APP + " --dry-run --internal-topics app-store-changelog"),
    reset(f"{INPUT} --dry-run --internal-topics app-store-changelog"),
    reset(f"{INPUT} --to-latest --dry-run --internal-topics app-store-changelog"),
    reset(f"{INPUT} --to-offset 3 --internal-topics app-store-changelog"),
    Case("kafka-consumer-groups", "SERVER --describe --group app --offsets"),
    reset(f"{INPUT} --shift-by -1"),
    reset(f"{INPUT} --shift-by 100"),
    reset(f"{INPUT} --to-offset -5"),
    reset(f"{INPUT} --from-file {{directory}}/plan.csv"),
    reset(f"{INPUT} --to-datetime 2020-01-01T00:00:00.000"),
    reset(f"{INPUT} --to-datetime 2099-01-01T00:00:00.000"),
    reset(f"{INPUT} --by-duration P1D"),
    reset(f"{INPUT} --to-earliest --command-config {{directory}}/client.properties"),
    reset(f"{INPUT},missing"),
    reset(f"{INPUT} --intermediate-topics middle"),
    reset(f"{APP} --intermediate-topics missing"),
    Case("kafka-topics", "SERVER --list --exclude-internal", unordered=True),
    reset(f"{APP} --internal-topics app-of-mine"),
    reset("SERVER --input-topics orders"),
    reset(f"{INPUT} --to-offset 3 --to-latest"),
    reset(f"{INPUT} --to-offset x"),
    reset(f"{INPUT} --no-such-flag"),
]

NATIVE = [
    Native("streams-reset app --input-topics orders --dry-run",
           "Topic: orders Partition: 0 Offset: 0"),
    Native("streams-reset", exit=1, stderr="application-id"),
]
