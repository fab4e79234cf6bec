# SPDX-License-Identifier: Apache-2.0
"""The programme of confluent-kafka (librdkafka): main.py BOOTSTRAP PREFIX COMMAND [ARGUMENT…]."""

import sys

import packages
from checks import report
from confluent_kafka.admin import AdminClient
from journey import Journey


def main():
    bootstrap, prefix, command, *arguments = sys.argv[1:]
    if command == "journey":
        Journey(bootstrap, AdminClient({"bootstrap.servers": bootstrap}), prefix).run()
    elif command == "package-read":
        packages.read(bootstrap, arguments[0], prefix, int(arguments[1]))
    else:
        sys.exit(f"unknown command {command}")
    report("END")


if __name__ == "__main__":
    main()
