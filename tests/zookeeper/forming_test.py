#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A cluster's first moments and its last: what clients are told while it forms, and that a stop
ends although ZooKeeper is away. forming_test.py --server build/release/odradek"""

import argparse
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests/answers"), str(ROOT / "tests/clients")]
from asking import ask, until  # noqa: E402
from harness import zookeeper  # noqa: E402
from harness.servers import Odradek, free_port  # noqa: E402

PATIENCE_S = 60
# Five seconds for ZooKeeper to come back, five for connections, and a machine that has more to do.
STOP_S = 30


class Forming(unittest.TestCase):
    server = None

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)

    def brokers(self, name, ensemble, count=3):
        made = []
        for number in range(1, count + 1):
            broker = Odradek(self.directory / f"{name}-{number}", binary=self.server, defaults={})
            broker.settings |= {"broker.id": number,
                                "zookeeper.connect": f"{ensemble.address}/{name}"}
            self.addCleanup(lambda broker=broker: broker.running() and broker.kill())
            made.append(broker)
        return made

    @staticmethod
    def wait_for_port(broker):
        """As a client would that waits for the port."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", broker.port)) == 0:
                    return
            assert time.monotonic() < deadline, broker.said()
            time.sleep(0.005)

    def test_the_first_answer_names_brokers_and_their_controller(self):
        for turn in range(3):
            brokers = self.brokers(f"turn{turn}", zookeeper.shared())
            for broker in brokers:
                broker.start_without_waiting()
            for broker in brokers:
                self.wait_for_port(broker)
                told = ask(broker.port, "Metadata", 9, {"Topics": []})
                ids = [found["NodeId"] for found in told["Brokers"]]
                self.assertIn(told["ControllerId"], ids)
                told = ask(broker.port, "DescribeCluster", 1, {})
                ids = [found["BrokerId"] for found in told["Brokers"]]
                self.assertIn(told["ControllerId"], ids)
            for broker in brokers:
                broker.kill()

    def test_a_stop_in_the_first_moment_is_a_clean_one(self):
        """As soon as anybody is answered others rely on the broker."""
        (broker,) = self.brokers("moment", zookeeper.shared(), count=1)
        for _ in range(8):
            broker.start_without_waiting()
            self.wait_for_port(broker)
            ask(broker.port, "Metadata", 9, {"Topics": []})
            self.assertEqual(broker.stop(), 0, broker.said())

    def test_a_stop_ends_while_zookeeper_is_away(self):
        ensemble = zookeeper.ZooKeeper().start()
        self.addCleanup(ensemble.remove)
        brokers = self.brokers("away", ensemble)
        for broker in brokers:
            broker.start()
        port = brokers[0].port
        until(lambda: ask(port, "Metadata", 9, {"Topics": []})["Brokers"],
              lambda told: len(told) == 3)
        made = ask(port, "CreateTopics", 7, {"Topics": [
            {"Name": "topic", "NumPartitions": 3, "ReplicationFactor": 3}], "timeoutMs": 30000})
        self.assertEqual(made["Topics"][0]["ErrorCode"], 0)
        ensemble.stop()
        for broker in brokers:
            until(broker.log.read_text, lambda said: "no connection to ZooKeeper" in said)
        begun = time.monotonic()
        for broker in brokers:
            broker.process.send_signal(signal.SIGTERM)
        for broker in brokers:
            self.assertEqual(broker.process.wait(PATIENCE_S), 0, broker.said())
            self.assertLess(time.monotonic() - begun, STOP_S)
            said = broker.log.read_text()
            self.assertIn("stops without having handed over what it leads: ", said)
            self.assertIn("stopped cleanly", said)

    def test_run_cluster_says_that_a_port_is_taken(self):
        with socket.create_server(("127.0.0.1", free_port())) as taken:
            port = taken.getsockname()[1]
            run = subprocess.run(
                [sys.executable, "-B", str(ROOT / "tools/run_cluster"), self.server,
                 str(self.directory / "data"), str(port - 1)],
                capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        self.assertNotEqual(run.returncode, 0)
        self.assertEqual(run.stdout, "")
        self.assertIn(f"port {port} can't be had", run.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    options, rest = parser.parse_known_args()
    Forming.server = str(Path(options.server).resolve())
    unittest.main(argv=[sys.argv[0], *rest])
