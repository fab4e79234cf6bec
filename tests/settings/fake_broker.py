# SPDX-License-Identifier: Apache-2.0
"""Another broker of the cluster, as far as it sees a leader's or a follower's settings: it
registers with the node, which is the controller, and answers fetches of what it is said to lead.
"""

import contextlib
import socket
import struct
import threading
import time
import uuid

from codec import APIS, Decoder, Encoder
from node import until

FETCH_VERSION = 17
OFFERED = {"ApiVersions": (0, 3), "Fetch": (FETCH_VERSION, FETCH_VERSION)}
UNKNOWN_LEADER_EPOCH = 75
DUPLICATE_BROKER_REGISTRATION = 101


class FakeBroker:
    """Broker 2. `fetches` are the requests that came, with the time of each, `fetching` the ports
    of the connections over which they came, `attempts` how long connections were kept that got no
    answer at all, because it `is_dumb`."""

    def __init__(self, node, error=0, is_silent=False, is_dumb=False, rack=None,
                 high_watermark=0):
        self.error, self.is_silent, self.is_dumb = error, is_silent, is_dumb
        self.high_watermark = high_watermark
        self.fetches = []
        self.fetching = set()
        self.attempts = []
        self.rack = rack
        self.sockets = []
        self.closed_at = None
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.accept, daemon=True).start()
        self.register(node)

    def register(self, node):
        cluster = node.call("DescribeCluster", 1, {"EndpointType": 1})["ClusterId"]
        features = node.call("ApiVersions", 4, {"ClientSoftwareName": "test",
                                                "ClientSoftwareVersion": "1"})
        request = {
            "BrokerId": 2, "ClusterId": cluster, "Rack": self.rack,
            "IncarnationId": str(uuid.uuid4()),
            "Listeners": [{"Name": "PLAINTEXT", "Host": "127.0.0.1",
                           "Port": self.listener.getsockname()[1], "SecurityProtocol": 0}],
            "Features": [{"Name": feature["Name"], "MinSupportedVersion": feature["MinVersion"],
                          "MaxSupportedVersion": feature["MaxVersion"]}
                         for feature in features["SupportedFeatures"]],
            "LogDirs": [str(uuid.uuid4())]}
        # The one before may not be known to be gone yet.
        answer = until(lambda: node.call("BrokerRegistration", 4, request),
                       lambda answer: answer["ErrorCode"] != DUPLICATE_BROKER_REGISTRATION)
        assert answer["ErrorCode"] == 0, answer
        self.epoch = answer["BrokerEpoch"]
        until(lambda: node.call("BrokerHeartbeat", 2, {
            "BrokerId": 2, "BrokerEpoch": self.epoch, "CurrentMetadataOffset": self.epoch + 1000}),
              lambda beat: beat["ErrorCode"] == 0 and not beat["IsFenced"])

    @staticmethod
    def described(node, name):
        answer = node.call("Metadata", 12, {"Topics": [{"TopicId": "0" * 32, "Name": name}]})
        topic = answer["Topics"][0]
        return topic["TopicId"], topic["Partitions"][0]

    def leave_alone(self, node, name):
        """As the leader of the topic's only partition: it is the only one in sync from now on."""
        topic, partition = self.described(node, name)
        for epoch in range(100):
            answer = node.call("AlterPartition", 3, {
                "BrokerId": 2, "BrokerEpoch": self.epoch, "Topics": [
                    {"TopicId": topic, "Partitions": [
                        {"PartitionIndex": 0, "LeaderEpoch": partition["LeaderEpoch"],
                         "NewIsrWithEpochs": [{"BrokerId": 2, "BrokerEpoch": self.epoch}],
                         "PartitionEpoch": epoch}]}]})
            if answer["Topics"][0]["Partitions"][0]["ErrorCode"] == 0:
                break
        until(lambda: self.described(node, name)[1]["IsrNodes"], lambda in_sync: in_sync == [2])

    def vanish(self, node, name):
        """As the leader of the topic's only partition, which the controller then decides on: until
        then nobody is named as the leader, and the broker again."""
        def epoch():
            return self.described(node, name)[1]["LeaderEpoch"]
        before = epoch()
        self.close()
        until(epoch, lambda now: now > before)

    def catch_up(self, node, name):
        """As a follower of the topic's only partition, which is empty."""
        self.fetch(node, name)
        return sorted(self.described(node, name)[1]["IsrNodes"]) == [1, 2]

    def fetch(self, node, name):
        """As a follower of the topic's only partition, of which it has nothing: the answer."""
        topic, partition = self.described(node, name)
        answer = node.call("Fetch", 17, {
            "MaxWaitMs": 0, "MinBytes": 0, "MaxBytes": 1 << 20,
            "ReplicaState": {"ReplicaId": 2, "ReplicaEpoch": self.epoch},
            "Topics": [{"TopicId": topic, "Partitions": [
                {"Partition": 0, "CurrentLeaderEpoch": partition["LeaderEpoch"], "FetchOffset": 0,
                 "LogStartOffset": 0, "LastFetchedEpoch": -1, "PartitionMaxBytes": 1 << 20}]}]})
        return answer["Responses"][0]["Partitions"][0]

    def accept(self):
        while True:
            try:
                accepted, _ = self.listener.accept()
            except OSError:
                return
            self.sockets.append(accepted)
            threading.Thread(target=self.serve, args=(accepted,), daemon=True).start()

    def serve(self, accepted):
        if self.is_dumb:
            begun = time.monotonic()
            with contextlib.suppress(OSError):
                while accepted.recv(1 << 16):
                    pass
            self.attempts.append(time.monotonic() - begun)
            return
        with contextlib.suppress(OSError, ConnectionError):
            while True:
                (size,) = struct.unpack(">i", self.read(accepted, 4))
                self.answer(accepted, self.read(accepted, size))

    def read(self, accepted, count):
        data = b""
        while len(data) < count:
            part = accepted.recv(count - len(data))
            if not part:
                self.closed_at = self.closed_at or time.monotonic()
                raise ConnectionError
            data += part
        return data

    def answer(self, accepted, frame):
        number, version, correlation_id, client = struct.unpack(">hhih", frame[:10])
        name = next(name for name in OFFERED if APIS[name][0].number == number)
        request, response = APIS[name]
        body = frame[10 + max(client, 0):]
        if request.flexible is not None and version >= request.flexible:
            body = body[1:]
        if name == "ApiVersions":
            version = min(version, OFFERED[name][1])
            self.send(accepted, response, version, correlation_id, {"ApiKeys": [
                {"ApiKey": APIS[api][0].number, "MinVersion": low, "MaxVersion": high}
                for api, (low, high) in OFFERED.items()]})
            return
        fetch = Decoder(request, version, body).decode()
        self.fetches.append((time.monotonic(), fetch))
        self.fetching.add(accepted.getpeername()[1])
        if not self.is_silent:
            self.send(accepted, response, version, correlation_id, self.fetched(fetch))

    def fetched(self, fetch):
        return {"Responses": [
            {"TopicId": topic["TopicId"], "Partitions": [
                {"PartitionIndex": partition["Partition"], "ErrorCode": self.error,
                 "HighWatermark": self.high_watermark, "LogStartOffset": 0, "Records": b""}
                for partition in topic["Partitions"]]} for topic in fetch["Topics"]]}

    @staticmethod
    def send(accepted, response, version, correlation_id, values):
        flexible = response.flexible is not None and version >= response.flexible
        header = struct.pack(">i", correlation_id)
        if flexible and response.name != "ApiVersionsResponse":
            header += b"\0"
        frame = header + Encoder(response, version).encode(values)
        accepted.sendall(struct.pack(">i", len(frame)) + frame)

    def close(self):
        self.listener.close()
        for accepted in self.sockets:
            accepted.close()


def create(node, replicas, partitions=1, name="topic"):
    """A topic on these brokers, the first of which leads."""
    answer = node.call("CreateTopics", 7, {"Topics": [
        {"Name": name, "NumPartitions": -1, "ReplicationFactor": -1,
         "Assignments": [{"PartitionIndex": index, "BrokerIds": replicas}
                         for index in range(partitions)]}], "timeoutMs": 1000})
    assert answer["Topics"][0]["ErrorCode"] in (0, 7), answer
