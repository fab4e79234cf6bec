#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One call of the server to the disk fails, or does only a part of its work; each time another one.

The server does not crash: it goes on, refuses to start, or takes its directory offline, and can be
stopped. After it was started again on a disk that is well, everything is read: nothing acknowledged
or shown is lost. The simulation fails every call in turn (tests/sim/failing_calls_test.cc); here a
sample meets the real system, and what only that has: calls that do a part.
"""

import random
import signal
import sys
import time
from pathlib import Path

import campaign
from history import History, Values
from load import Load, verify

HOW = ("EIO", "ENOSPC", "short")
LIBRARY = "libfailing_calls.so"
RECORDS_A_DIRECTORY = 60_000
PATIENCE_FOR_CALL_S = 3
AFTERWARDS_S = 0.3  # what the failure leads to
MOST_CALLS = 1500  # a start and a second of load make as many
EXIT_STATUSES = range(0, 8)  # those that the server documents; a crash has another one


class Run:
    def __init__(self, options, directory, rng):
        self.rng = rng
        self.library = options.server.parent / LIBRARY
        self.node = campaign.Node(directory, directory / "data", options.server)
        self.note = directory / "note"
        self.history = History(Values(rng.random()))
        self.failed_calls = []

    def play(self, deadline):
        load = None
        try:
            self.node.start()
            load = Load(self.history, self.node.bootstrap)
            while not self.history.violations and not deadline.is_over():
                if load.acknowledged() > RECORDS_A_DIRECTORY:
                    break
                self.fail_one_call(load)
        except campaign.ServerFailed as error:
            self.history.violation(f"the server {error}\n{self.node.last_words()}")
        finally:
            if load is not None:
                load.stop()
            if self.node.running():
                self.node.kill()
        return load.acknowledged() if load is not None else 0

    def fail_one_call(self, load):
        load.wait_for_progress(50)
        if self.rng.random() < 0.5:
            self.node.stop()
        else:
            self.node.kill()
        # Most calls of a start are among the first.
        number = int(self.rng.choice((80, 300, MOST_CALLS)) * self.rng.random()) + 1
        how = self.rng.choice(HOW)
        self.note.unlink(missing_ok=True)
        self.node.variables = {
            "LD_PRELOAD": str(self.library),
            "FAILING_DIRECTORY": str(self.node.data),
            "FAILING_CALL": str(number),
            "FAILING_HOW": how,
            "FAILING_NOTE": str(self.note),
        }
        self.node.start_without_waiting()
        self.wait_for_the_failure()
        self.end(f"call {number} ({how})")
        self.node.variables = {}
        self.node.start()
        verify(self.history, self.node.bootstrap, load)

    def wait_for_the_failure(self):
        deadline = campaign.Deadline(PATIENCE_FOR_CALL_S)
        while self.node.running() and not self.note.exists() and not deadline.is_over():
            time.sleep(0.01)
        if self.note.exists():
            time.sleep(AFTERWARDS_S)
            self.failed_calls.append(self.note.read_text().split()[1])

    def end(self, what):
        """By itself or by SIGTERM, with a status that says why; half of the time it is killed."""
        if self.node.running() and self.rng.random() < 0.5:
            self.node.kill()
            return
        self.node.process.send_signal(signal.SIGTERM)
        status = self.node.process.wait(campaign.PATIENCE_S)
        # SIGTERM may come before the server listens for it.
        if status not in EXIT_STATUSES and status != -signal.SIGTERM:
            self.history.violation(f"{what} ended the server with {status}:"
                                   f"\n{self.node.last_words()}")


def main():
    options = campaign.arguments(__doc__)
    options.server = options.server.resolve()
    results = campaign.Results()
    rng = random.Random(options.seed)
    deadline = campaign.Deadline(options.seconds)
    calls = []
    acknowledged = number = 0
    violations = []
    if not (options.server.parent / LIBRARY).exists():
        raise SystemExit(f"{LIBRARY} is not beside the server: build the target failing_calls")
    with campaign.workplace("failing-calls", options.keep, results) as directory:
        while not violations and not deadline.is_over():
            number += 1
            run = Run(options, Path(directory, str(number)), rng)
            acknowledged += run.play(deadline)
            violations = run.history.violations
            calls += run.failed_calls
        kinds = ", ".join(f"{kind} {calls.count(kind)}" for kind in sorted(set(calls)))
        print(f"{len(calls)} failed calls ({kinds}), {acknowledged} records acknowledged",
              flush=True)
        if not calls and not violations:
            violations = ["no call failed: the injector does nothing"]
        campaign.judge(results, "calls that fail once", violations)
    return campaign.finish(results)


if __name__ == "__main__":
    sys.exit(main())
