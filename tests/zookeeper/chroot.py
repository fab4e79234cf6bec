# SPDX-License-Identifier: Apache-2.0
"""A cluster's place for a test of brokers: a chroot of the run's ZooKeeper, and a directory.
On the path: tests/answers, tests/clients."""

import tempfile
from pathlib import Path

from asking import ask, until
from harness import zookeeper
from harness.servers import Odradek, free_port


class Chroot:
    """All of it goes with the test or the class whose `addCleanup` or `addClassCleanup` it gets."""

    def __init__(self, server, name, add_cleanup):
        directory = tempfile.TemporaryDirectory()
        add_cleanup(directory.cleanup)
        self.directory = Path(directory.name)
        self.server = server
        self.name = f"/{name}"
        self.connect = zookeeper.shared().address + self.name
        self.add_cleanup = add_cleanup

    def broker(self, number, directory=None, **settings):
        """One that is not started; `_` stands for the dots in settings."""
        broker = Odradek(self.directory / (directory or f"broker-{number}"), binary=self.server,
                         defaults={})
        broker.settings |= {"broker.id": number, "zookeeper.connect": self.connect,
                            **{key.replace("_", "."): value for key, value in settings.items()}}
        self.add_cleanup(lambda: broker.running() and broker.kill())
        return broker

    def two_listeners(self, number, **settings):
        """One that hears clients on `port` and other brokers on `inner`."""
        broker = self.broker(number, **settings)
        broker.inner = free_port()
        broker.settings |= {
            "listeners": f"OUTER://{broker.bootstrap},INNER://127.0.0.1:{broker.inner}",
            "listener.security.protocol.map": "OUTER:PLAINTEXT,INNER:PLAINTEXT",
            "inter.broker.listener.name": "INNER"}
        return broker

    def start_three(self, **settings):
        """Brokers 1 to 3 by number, with metrics on the port `metrics`, once they are a cluster."""
        brokers = {}
        for number in (1, 2, 3):
            broker = self.broker(number, **settings)
            broker.metrics = free_port()
            broker.settings["metrics.listener"] = f"127.0.0.1:{broker.metrics}"
            brokers[number] = broker.start()
        until(lambda: ask(brokers[1].port, "Metadata", 9, {"Topics": []})["Brokers"],
              lambda seen: len(seen) == 3)
        return brokers
