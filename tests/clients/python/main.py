# SPDX-License-Identifier: Apache-2.0
"""The programme of a Python client: main.py LIBRARY BOOTSTRAP PREFIX COMMAND [ARGUMENT…]; the
library is the name of its module here.
"""

import importlib
import sys

import groups
import packages
from checks import report
from journey import Journey


def main():
    library, bootstrap, prefix, command, *arguments = sys.argv[1:]
    driver = importlib.import_module(library).Driver(bootstrap)
    if command == "journey":
        Journey(driver, prefix).run()
    elif command == "groups":
        groups.run(driver, prefix)
    elif command == "member":
        groups.be_member(driver, prefix)
    elif command == "package-read":
        packages.read(driver, arguments[0], prefix, int(arguments[1]))
    else:
        sys.exit(f"unknown command {command}")
    driver.close()
    report("END")


if __name__ == "__main__":
    main()
