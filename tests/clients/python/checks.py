# SPDX-License-Identifier: Apache-2.0
"""Named checks, printed one a line as the harness reads them: `PASS name` or `FAIL name: why`."""

import time
import traceback

PATIENCE_S = 90


class Failed(Exception):
    """An expectation did not hold."""


def report(line):
    print(line, flush=True)


def check(name, body):
    """Runs one check; returns whether it passed."""
    try:
        body()
    except Exception as failure:  # whatever a client library throws is a failed check
        where = traceback.extract_tb(failure.__traceback__)[-1]
        reason = f"{type(failure).__name__}: {failure} ({where.name}:{where.lineno})"
        report(f"FAIL {name}: " + " ".join(reason.split()))
        return False
    report(f"PASS {name}")
    return True


def expect(condition, otherwise):
    if not condition:
        raise Failed(otherwise)


def same(wanted, found, what):
    expect(wanted == found, f"{what} is {found!r}, not {wanted!r}")


def until(what, condition, step):
    """Calls step, which polls and so takes a little time, until the condition holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        expect(time.monotonic() < deadline, f"after {PATIENCE_S} s still not: {what}")
        step()
