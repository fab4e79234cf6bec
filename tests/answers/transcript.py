# SPDX-License-Identifier: Apache-2.0
"""What a server answered, in a form in which two servers' answers can be compared: random ids are
numbered in order of appearance, times, ports and sentences stand as marks, sets are sorted.
"""

import re
import time

from batches import take_apart
from codec import Closed, Connection

PATIENCE_S = 30
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ZERO_ID = "00000000-0000-0000-0000-000000000000"
# Where an array is a set, what its elements are known by.
SORT_KEYS = ("Name", "Topic", "TopicId", "PartitionIndex", "Index", "Partition", "ApiKey")
# Configuration keys that Apache Kafka 4.3.1 does not have.
NEWER_KEYS = {
    "write.caching", "max.decompressed.message.bytes", "remote.copy.lag.bytes",
    "remote.copy.lag.ms", "errors.deadletterqueue.group.enable",
    "errors.deadletterqueue.copy.record.enable", "errors.deadletterqueue.topic.name",
    "consumer.assignor.offload.enable", "share.assignor.offload.enable",
    "streams.assignor.offload.enable", "streams.assignor.name", "streams.acceptable.recovery.lag",
    "streams.num.warmup.replicas", "streams.rack.aware.assignment.tags",
    "streams.task.offset.interval.ms"}
# By this dynamic configuration the cases see that the ones before it have come; none asks for it.
MARKER = "remote.list.offsets.request.timeout.ms"
MARKED = {"Port": "port", "ClusterId": "cluster", "SessionId": "session",
          "FinalizedFeaturesEpoch": "epoch", "LastTimestamp": "time"}


class Transcript:
    def __init__(self, port):
        self.port = port
        self.answers = {}
        self.ids = {}
        self.connection = None

    def ask(self, label, api, version, values):
        """One request; keeps the answer under `label` and returns it as it came."""
        if self.connection is None:
            self.connection = Connection(self.port)
        assert label not in self.answers, label
        try:
            answer = self.connection.call(api, version, values)
        except Closed:
            self.hang_up()
            self.answers[label] = "closed"
            return None
        self.answers[label] = self.normal(answer)
        return answer

    def note(self, label, value):
        """Something that the case has taken from answers itself."""
        assert label not in self.answers, label
        self.answers[label] = self.normal(value)

    def connection_call(self, api, version, values):
        """One request whose answer is not kept."""
        if self.connection is None:
            self.connection = Connection(self.port)
        return self.connection.call(api, version, values)

    def send_only(self, api, version, values):
        """A request that has no answer."""
        if self.connection is None:
            self.connection = Connection(self.port)
        self.connection.send(api, version, values)

    def expect_silence(self, label, api, version, values):
        """A request without an answer that fails: whether the server hangs up."""
        self.send_only(api, version, values)
        try:
            self.connection.read(4)
            self.answers[label] = "answered"
        except Closed:
            self.answers[label] = "closed"
        self.hang_up()

    def wait_until_led(self, topic, partitions):
        """Kafka's brokers take the lead a while after the topic is created."""
        deadline = time.monotonic() + PATIENCE_S
        wanted = {"ReplicaId": -1, "Topics": [{"Name": topic, "Partitions": [
            {"PartitionIndex": index, "Timestamp": -1} for index in range(partitions)]}]}
        while any(partition["ErrorCode"] for partition in self.connection_call(
                "ListOffsets", 5, wanted)["Topics"][0]["Partitions"]):
            assert time.monotonic() < deadline, f"{topic} is not led after {PATIENCE_S} s"
            time.sleep(0.02)

    def producer_id(self):
        """A fresh one; Kafka says COORDINATOR_LOAD_IN_PROGRESS (14) until it has some."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            answer = self.connection_call("InitProducerId", 4, {"TransactionalId": None,
                                                                "TransactionTimeoutMs": 60000})
            if answer["ErrorCode"] != 14:
                assert answer["ErrorCode"] == 0, answer
                return answer["ProducerId"]
            assert time.monotonic() < deadline, answer
            time.sleep(0.02)

    def send_frame(self, label, frame):
        """A frame of any bytes: whether it closes the connection."""
        connection = Connection(self.port)
        connection.send_frame(frame)
        try:
            size = connection.read(4)
            self.answers[label] = connection.read(int.from_bytes(size, "big")).hex()
        except Closed:
            self.answers[label] = "closed"
        connection.close()

    def hang_up(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def normal(self, value, name=""):
        if isinstance(value, dict):
            return {key: self.normal(part, key) for key, part in value.items()}
        if isinstance(value, list):
            return sort([self.normal(part, name) for part in value if not is_newer(name, part)])
        if name == "Records" and value is not None:
            return [normal_batch(part) for part in take_apart(value)]
        if isinstance(value, bytes):
            return value.hex()
        if name in MARKED and value not in (0, -1, None):
            return MARKED[name]
        if name == "LogAppendTimeMs" and value > 0:
            return "time"
        if (name.endswith("Message") or name == "Documentation") and value:
            return "a sentence"
        if isinstance(value, str) and UUID.fullmatch(value) and value != ZERO_ID:
            return self.ids.setdefault(value, f"id {len(self.ids) + 1}")
        return value


def is_newer(name, part):
    return name == "Configs" and part["Name"] in NEWER_KEYS | {MARKER}


def normal_batch(batch):
    stamped = bool(batch["Attributes"] & 8)
    if stamped:
        batch["MaxTimestamp"] = "time"
    return batch


def sort(elements):
    for key in SORT_KEYS:
        if elements and isinstance(elements[0], dict) and key in elements[0]:
            return sorted(elements, key=lambda element: str(element[key]))
    return elements
