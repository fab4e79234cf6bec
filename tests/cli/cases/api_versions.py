# SPDX-License-Identifier: Apache-2.0
from case import Case, Native


def api_versions(arguments, **special):
    return Case("kafka-broker-api-versions", arguments, **special)


CASES = [
    api_versions("SERVER"),
    api_versions("SERVER --command-config {directory}/client.properties"),
    api_versions(""),
    api_versions("SERVER --list"),
    api_versions("--bootstrap-server"),
    api_versions("-bootstrap-server {server}"),
    api_versions("--bootstrap-server={server}"),
    api_versions("--bootstrap-server {server},{server}"),
    api_versions("SERVER --command-config"),
    api_versions("SERVER SERVER"),
    api_versions("--command-config {directory}/client.properties"),
]
FILES = {"client.properties": "client.id=operator\n"}

NATIVE = [Native("api-versions --output json", r'"api": "Produce",')]

# Each server has its own.
REPLACED = [(r"(?m)^\t\w+\(\d+\): .*\n", "")]
