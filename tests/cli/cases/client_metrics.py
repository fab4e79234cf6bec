# SPDX-License-Identifier: Apache-2.0
from case import Case, Native


def metrics(arguments, **special):
    return Case("kafka-client-metrics", arguments, **special)


CASES = [
    metrics("SERVER --list"),
    metrics("SERVER --describe"),
    metrics("SERVER --alter --name often --interval 10000 --metrics a.b.,c. --match "
            "client_id=x"),
    metrics("SERVER --list"),
    metrics("SERVER --describe --name often", unordered=True),
    metrics("SERVER --describe --name nope"),
    metrics("SERVER --alter --name often --metrics d. --metrics e."),
    metrics("SERVER --describe", unordered=True),
    metrics("SERVER --alter --name often --interval 1"),
    metrics("SERVER --alter --name often --interval soon"),
    metrics("SERVER --alter --name often --match nonsense"),
    metrics("SERVER --alter --interval 1000"),
    metrics("SERVER --alter --generate-name --name often"),
    metrics("SERVER --alter --generate-name --interval 5000"),
    metrics("SERVER --delete --name often"),
    metrics("SERVER --describe --name often"),
    metrics("SERVER --delete"),
    metrics("SERVER --delete --name often --interval 1"),
    metrics("SERVER --list --name often"),
    metrics("SERVER --list --describe"),
    metrics("SERVER"),
    metrics("--list"),
]

NATIVE = [
    Native("client-metrics alter mine --interval 20000", "Altered client metrics config for mine"),
    Native("client-metrics describe mine --output json", r'"interval.ms": "20000"'),
    Native("client-metrics delete mine", "Deleted"),
]

REPLACED = [(r"config for [\w-]{22}\.", "config for ID.")]
