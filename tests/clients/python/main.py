# SPDX-License-Identifier: Apache-2.0
"""The programme of confluent-kafka (librdkafka): main.py BOOTSTRAP PREFIX COMMAND [ARGUMENT…]."""

import sys

import groups
import packages
from checks import report
from confluent_kafka.admin import AdminClient
from journey import Journey


def main():
    bootstrap, prefix, command, *arguments = sys.argv[1:]
    admin = AdminClient({"bootstrap.servers": bootstrap})
    if command == "journey":
        Journey(bootstrap, admin, prefix).run()
    elif command == "groups":
        groups.run(bootstrap, admin, prefix)
    elif command == "member":
        groups.be_member(bootstrap, prefix)
    elif command == "package-read":
        packages.read(bootstrap, arguments[0], prefix, int(arguments[1]))
    else:
        sys.exit(f"unknown command {command}")
    report("END")


if __name__ == "__main__":
    main()
