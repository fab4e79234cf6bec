# SPDX-License-Identifier: Apache-2.0
"""Clients that are programmes of their own (tests/clients), at work beside the crowd: Kafka's Java
client and franz-go write, idempotent, and hold what they read against it. They work in turns, for
they remember all of what they wrote.
"""

import sys

from brokers import ROOT

sys.path.append(str(ROOT / "tests/clients"))
from harness.kill_load import progress  # noqa: E402
from harness.programmes import Programme, Results  # noqa: E402


RATE = 2000  # records a second of each


class Load(Programme):
    # What is killed takes it along.
    before = ("setpriv", "--pdeathsig", "KILL")


class Programmes:
    """`clients`: their names, separated by commas. What fails is a violation."""

    def __init__(self, history, logs, clients, cluster):
        self.history = history
        self.results = Results()
        self.logs = logs
        self.clients = list(filter(None, clients.split(",")))
        self.cluster = cluster
        self.turns = 0
        self.running = []

    def start(self):
        """Returns when they write."""
        self.turns += 1
        self.running = [
            Load(self.results, self.logs, client, self.cluster.bootstrap,
                 f"load-{client}-{self.turns}", "kill-load", RATE)
            for client in self.clients
        ]
        for programme in self.running:
            progress(programme)

    def finish(self):
        """Returns when they have read everything."""
        for programme in self.running:
            if programme.process.poll() is None:
                programme.tell("finish")
        for programme in self.running:
            programme.finish()
        self.running = []
        for name in self.results.failed:
            self.history.violation(f"{name} failed in turn {self.turns}")
        self.results.failed.clear()

    @staticmethod
    def end():
        Programme.end_all()
