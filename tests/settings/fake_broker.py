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


class FakeBroker:
    """Broker 2. `fetches` are the requests that came, with the time of each."""

    def __init__(self, node, error=0, is_silent=False):
        self.error, self.is_silent = error, is_silent
        self.fetches = []
        self.sockets = []
        self.closed_at = None
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.accept, daemon=True).start()
        self.register(node)

    def register(self, node):
        cluster = node.call("DescribeCluster", 1, {"EndpointType": 1})["ClusterId"]
        features = node.call("ApiVersions", 4, {"ClientSoftwareName": "test",
                                                "ClientSoftwareVersion": "1"})
        answer = node.call("BrokerRegistration", 4, {
            "BrokerId": 2, "ClusterId": cluster, "IncarnationId": str(uuid.uuid4()),
            "Listeners": [{"Name": "PLAINTEXT", "Host": "127.0.0.1",
                           "Port": self.listener.getsockname()[1], "SecurityProtocol": 0}],
            "Features": [{"Name": feature["Name"], "MinSupportedVersion": feature["MinVersion"],
                          "MaxSupportedVersion": feature["MaxVersion"]}
                         for feature in features["SupportedFeatures"]],
            "LogDirs": [str(uuid.uuid4())]})
        assert answer["ErrorCode"] == 0, answer
        self.epoch = answer["BrokerEpoch"]
        until(lambda: node.call("BrokerHeartbeat", 2, {
            "BrokerId": 2, "BrokerEpoch": self.epoch, "CurrentMetadataOffset": self.epoch + 1000}),
              lambda beat: beat["ErrorCode"] == 0 and not beat["IsFenced"])

    def accept(self):
        while True:
            try:
                accepted, _ = self.listener.accept()
            except OSError:
                return
            self.sockets.append(accepted)
            threading.Thread(target=self.serve, args=(accepted,), daemon=True).start()

    def serve(self, accepted):
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
        if not self.is_silent:
            self.send(accepted, response, version, correlation_id, self.fetched(fetch))

    def fetched(self, fetch):
        return {"Responses": [
            {"TopicId": topic["TopicId"], "Partitions": [
                {"PartitionIndex": partition["Partition"], "ErrorCode": self.error,
                 "HighWatermark": 0, "LogStartOffset": 0, "Records": b""}
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


def create(node, replicas):
    """A topic of one partition on these brokers, the first of which leads."""
    answer = node.call("CreateTopics", 7, {"Topics": [
        {"Name": "topic", "NumPartitions": -1, "ReplicationFactor": -1,
         "Assignments": [{"PartitionIndex": 0, "BrokerIds": replicas}]}], "timeoutMs": 1000})
    assert answer["Topics"][0]["ErrorCode"] in (0, 7), answer
