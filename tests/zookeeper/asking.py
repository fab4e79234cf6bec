# SPDX-License-Identifier: Apache-2.0
"""What the tests of brokers in a cluster ask of them. On the path: tests/answers, tests/clients."""

import time

from codec import Connection

PATIENCE_S = 60


def ask(port, api, version, values):
    connection = Connection(port)
    try:
        return connection.call(api, version, values)
    finally:
        connection.close()


def until(look, is_good):
    """The first good one of what is seen."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        seen = look()
        if is_good(seen):
            return seen
        assert time.monotonic() < deadline, seen
        time.sleep(0.02)
