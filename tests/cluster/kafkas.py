# SPDX-License-Identifier: Apache-2.0
"""Nodes of Apache Kafka (KRaft), three or more, each on a machine of its own: what the tests of a
cluster are proven on, and what ours is measured beside.
"""

import base64
import os
import re
import subprocess

from brokers import FIRST_BROKER, ROOT, Broker, Brokers, free_port

PEER = ROOT / "tests/peer/apache-kafka"
TOOLS = {
    "kafka-topics": "org.apache.kafka.tools.TopicCommand",
    "kafka-reassign-partitions": "org.apache.kafka.tools.reassign.ReassignPartitionsCommand",
    "kafka-leader-election": "org.apache.kafka.tools.LeaderElectionCommand",
}


class Node(Broker):
    """One of Apache Kafka's, with the heap that its own start script gives it."""

    def command(self):
        return [*self.machine.prefix, "setpriv", "--pdeathsig", "KILL", "env", "KAFKA_HEAP=1G",
                str(PEER), "serve", str(self.directory)]

    def format(self, voters, cluster_id):
        lines = {
            "process.roles": "broker,controller", "node.id": self.number,
            "controller.quorum.voters": voters, "controller.listener.names": "CONTROLLER",
            "listeners": f"PLAINTEXT://{self.address},"
                         f"CONTROLLER://{self.machine.address}:{self.controller_port}",
            "advertised.listeners": f"PLAINTEXT://{self.address}", "log.dirs": self.data,
            **self.settings,
        }
        properties = self.directory / "server.properties"
        properties.write_text("".join(f"{key}={value}\n" for key, value in lines.items()))
        subprocess.run([PEER, "tool", "kafka.tools.StorageTool", "format", "--config", properties,
                        "--cluster-id", cluster_id], check=True, stdout=subprocess.DEVNULL)


class Kafkas(Brokers):
    name = "Apache Kafka 4.3.1"
    is_ours = False
    cached = {}

    def __init__(self, directory, network, settings, brokers=3):
        self.directory = directory
        self.network = network
        self.brokers = []
        for number in range(1, brokers + 1):
            machine = network.add(f"broker {number}", FIRST_BROKER + number - 1)
            node = Node(machine, number, directory, PEER, settings)
            node.controller_port = free_port()
            self.brokers.append(node)

    def __enter__(self):
        voters = ",".join(f"{node.number}@{node.machine.address}:{node.controller_port}"
                          for node in self.brokers)
        cluster_id = base64.urlsafe_b64encode(os.urandom(16)).decode().strip("=").replace("-", "A")
        for node in self.brokers:
            node.format(voters, cluster_id)
        for node in self.brokers:
            node.start_without_waiting()
        self.begin()
        return self

    def __exit__(self, *_):
        for node in self.brokers:
            node.kill()
        self.network.clear()

    def tool_command(self, name):
        return [PEER, "tool", TOOLS[name]]

    def controller(self):
        done = subprocess.run([PEER, "tool", "org.apache.kafka.tools.MetadataQuorumCommand",
                               "--bootstrap-server", self.bootstrap, "describe", "--status"],
                              capture_output=True, text=True, check=True)
        return self.broker(int(re.search(r"LeaderId:\s*(\d+)", done.stdout)[1]))

    def wait_until_forgotten(self, broker):
        """It comes back as the one that it was."""
