# SPDX-License-Identifier: Apache-2.0
"""A server with the settings of one test, and the requests that the tests of settings share."""

import contextlib
import itertools
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests/answers"), str(ROOT / "tests/clients")]
from batches import batch, take_apart  # noqa: E402
from codec import Connection  # noqa: E402
from harness import zookeeper  # noqa: E402
from harness.servers import Odradek, free_port  # noqa: E402

PATIENCE_S = 60
COORDINATOR_LOADING = 14
INVALID_REPLICATION_FACTOR = 38
COORDINATOR_NOT_AVAILABLE = 15
NOT_COORDINATOR = 16


class Server(Odradek):
    """In a setting {directory} is what the server's directory lies in, {port} its port, {second}
    another, {zookeeper} the address of one, {chroot} a name. An empty value: the key is not set.
    """

    numbers = itertools.count()

    def __init__(self, directory, settings, binary):
        super().__init__(directory, binary=binary, defaults={})
        self.ports = {"port": self.port}
        if any("{second}" in str(value) for value in settings.values()):
            self.ports["second"] = free_port()
        self.places = {"directory": self.directory.parent, **self.ports}
        if any("{zookeeper}" in str(value) for value in settings.values()):
            self.places |= {"zookeeper": zookeeper.shared().address,
                            "chroot": f"test-{next(self.numbers)}"}
        self.settings = {key: str(value).format(**self.places) for key, value in settings.items()}


class Node:
    """A running server; answers come as the codec's plain values."""

    def __init__(self, server):
        self.server = server
        self.connections = []
        self.connection = self.connect()

    @property
    def data(self):
        return self.server.data

    @property
    def pid(self):
        return self.server.process.pid

    def connect(self):
        self.connections.append(Connection(self.server.port))
        return self.connections[-1]

    def call(self, api, version, values):
        return self.connection.call(api, version, values)

    def create(self, name, partitions=1, factor=1, **configs):
        """The answer's error code."""
        answer = self.call("CreateTopics", 7, {"Topics": [
            {"Name": name, "NumPartitions": partitions, "ReplicationFactor": factor,
             "Configs": [{"Name": key.replace("_", "."), "Value": value}
                         for key, value in configs.items()]}], "timeoutMs": 30000})
        return answer["Topics"][0]["ErrorCode"]

    def topic(self, name="topic", **configs):
        """A topic of one partition. In a cluster a broker that has just begun takes none yet."""
        code = until(lambda: self.create(name, **configs),
                     lambda code: code != INVALID_REPLICATION_FACTOR)
        assert code == 0, code
        return name

    def produce(self, topic, values=(b"value",), acks=-1, partition=0, **made):
        """The partition's answer."""
        answer = self.call("Produce", 9, {"Acks": acks, "TimeoutMs": 30000, "TopicData": [
            {"Name": topic, "PartitionData": [{"Index": partition,
                                               "Records": batch(values, **made)}]}]})
        return answer["Responses"][0]["PartitionResponses"][0]

    def fetch(self, topics, max_bytes=1 << 30, **more):
        """`topics`: of each the partition 0, from its beginning."""
        return self.call("Fetch", 11, {"MaxWaitMs": 0, "MinBytes": 1, "MaxBytes": max_bytes, **more,
                                       "Topics": [{"Topic": topic, "Partitions": [
                                           {"Partition": 0, "FetchOffset": 0,
                                            "PartitionMaxBytes": 1 << 30}]} for topic in topics]})

    def batches(self, topic):
        partition = self.fetch([topic])["Responses"][0]["Partitions"][0]
        return take_apart(partition["Records"] or b"")

    def segments(self, topic, partition=0):
        return sorted(path.name for path in (self.data / f"{topic}-{partition}").glob("*.log"))

    def offset(self, topic, timestamp):
        """The offset of the topic's partition 0 at a time; -2: the first, -1: the end."""
        answer = self.call("ListOffsets", 5, {"ReplicaId": -1, "Topics": [
            {"Name": topic, "Partitions": [{"PartitionIndex": 0, "Timestamp": timestamp}]}]})
        return answer["Topics"][0]["Partitions"][0]["Offset"]

    def producers(self, topic):
        """The ids of those that the topic's partition 0 remembers."""
        answer = self.call("DescribeProducers", 0, {"Topics": [
            {"Name": topic, "PartitionIndexes": [0]}]})
        return [producer["ProducerId"]
                for producer in answer["Topics"][0]["Partitions"][0]["ActiveProducers"]]

    def metadata(self, topics=(), create=False):
        return self.call("Metadata", 9, {"Topics": [{"Name": name} for name in topics],
                                         "AllowAutoTopicCreation": create})

    def described(self, kind, name, key):
        answer = self.call("DescribeConfigs", 4, {"Resources": [
            {"ResourceType": kind, "ResourceName": name, "ConfigurationKeys": [key]}]})
        return answer["Results"][0]["Configs"][0]["Value"]

    def coordinated(self, ask):
        """The answer to ask() once the coordinator serves; ask() returns (code, answer)."""
        self.call("FindCoordinator", 3, {"Key": "group", "KeyType": 0})
        return until(ask, lambda found: found[0] not in (COORDINATOR_LOADING, NOT_COORDINATOR,
                                                         COORDINATOR_NOT_AVAILABLE))[1]

    def join(self, group="group", connection=None, member="", session_ms=10000,
             rebalance_ms=10000):
        """Version 3: a member needs no second request."""
        connection = connection or self.connection
        request = {"GroupId": group, "SessionTimeoutMs": session_ms,
                   "RebalanceTimeoutMs": rebalance_ms, "MemberId": member,
                   "ProtocolType": "consumer",
                   "Protocols": [{"Name": "range", "Metadata": b"\0\0\0\0\0\0\0\0\0\0"}]}

        def ask():
            answer = connection.call("JoinGroup", 3, request)
            return answer["ErrorCode"], answer
        return self.coordinated(ask)

    def commit(self, topic, version=2, metadata="", **more):
        """The code of a commit to a group without members."""
        def ask():
            answer = self.call("OffsetCommit", version, {"GroupId": "group", "Topics": [
                {"Name": topic, "Partitions": [{"PartitionIndex": 0, "CommittedOffset": 0,
                                                "CommittedMetadata": metadata, **more}]}]})
            code = answer["Topics"][0]["Partitions"][0]["ErrorCode"]
            return code, code
        return self.coordinated(ask)

    def committed(self, topic):
        answer = self.call("OffsetFetch", 5, {"GroupId": "group", "Topics": [
            {"Name": topic, "PartitionIndexes": [0]}]})
        return answer["Topics"][0]["Partitions"][0]["CommittedOffset"]

    def checkpoint(self, name, topic):
        """What the checkpoint file says of the topic's partition 0, or nothing."""
        try:
            lines = (self.data / name).read_text().splitlines()
        except FileNotFoundError:
            return None
        found = [line.split() for line in lines if line.startswith(f"{topic} 0 ")]
        return int(found[0][2]) if found else None


def until(ask, is_good):
    """The first good answer."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        answer = ask()
        if is_good(answer):
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"still {answer!r} after {PATIENCE_S} s")
        time.sleep(0.01)


@contextlib.contextmanager
def running(binary, settings):
    with tempfile.TemporaryDirectory() as directory:
        server = Server(f"{directory}/node", settings, binary).start()
        node = Node(server)
        try:
            if "zookeeper.connect" in server.settings:
                until(lambda: node.metadata()["Brokers"], bool)
            yield node
        finally:
            for connection in node.connections:
                connection.close()
            if server.running():
                server.stop()
