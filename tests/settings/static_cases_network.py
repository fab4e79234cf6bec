# SPDX-License-Identifier: Apache-2.0
"""Settings of listeners, connections and requests that are read when the server starts."""

import re
import socket
import subprocess
import urllib.request

from codec import Closed, Connection
from effect import DEFAULT, NO_START, effect
from node import batch, until

LARGE = bytes(100_000)


@effect("advertised.listeners", {"PLAINTEXT://broker.example:4711": ("broker.example", 4711),
                                 "PLAINTEXT://other.example:4712": ("other.example", 4712)})
def address_that_clients_are_told(node):
    broker = node.metadata()["Brokers"][0]
    return broker["Host"], broker["Port"]


@effect("metrics.listener", {DEFAULT: None, "127.0.0.1:{second}": "# HELP", "9404": NO_START})
def metrics(node):
    if "second" not in node.server.ports:
        return None
    address = f"http://127.0.0.1:{node.server.ports['second']}/metrics"
    with urllib.request.urlopen(address, timeout=10) as answer:
        return answer.read(6).decode()


@effect("listeners", {DEFAULT: 0, "PLAINTEXT://127.0.0.1:{port},SECOND://127.0.0.1:{second}": 1},
        listener_security_protocol_map="PLAINTEXT:PLAINTEXT,SECOND:PLAINTEXT")
def listeners_beside_the_first(node):
    if "second" not in node.server.ports:
        return 0
    connection = Connection(node.server.ports["second"])
    answer = connection.call("Metadata", 9, {"Topics": []})
    connection.close()
    return len(answer["Brokers"])


@effect("listener.security.protocol.map", {DEFAULT: NO_START, "MINE:PLAINTEXT": 1},
        listeners="MINE://127.0.0.1:{port}", inter_broker_listener_name="MINE")
def a_listener_of_a_name_of_its_own(node):
    return len(node.metadata()["Brokers"])


@effect("inter.broker.listener.name", {"PLAINTEXT": 1, "ABSENT": NO_START},
        listener_security_protocol_map="PLAINTEXT:PLAINTEXT,ABSENT:PLAINTEXT")
def the_listener_between_brokers_is_one_of_the_listeners(node):
    return len(node.metadata()["Brokers"])


@effect("port", {"{port}": 1, "65536": NO_START}, listeners="")
def the_port_as_2_2_called_it(node):
    return len(node.metadata()["Brokers"])


@effect("host.name", {DEFAULT: "taken", "127.0.0.1": "refused"}, listeners="", port="{port}")
def a_connection_to_another_address_of_the_machine(node):
    try:
        socket.create_connection(("127.0.0.2", node.server.port)).close()
    except ConnectionRefusedError:
        return "refused"
    return "taken"


@effect("advertised.host.name", {"broker.example": "broker.example",
                                 "other.example": "other.example"}, listeners="", port="{port}")
def host_that_clients_are_told(node):
    return node.metadata()["Brokers"][0]["Host"]


@effect("advertised.port", {"4711": 4711, "4712": 4712}, listeners="", port="{port}",
        advertised_host_name="broker.example")
def port_that_clients_are_told(node):
    return node.metadata()["Brokers"][0]["Port"]


@effect("connections.max.idle.ms", {DEFAULT: "open", "200": "closed"})
def an_idle_connection_while_another_waits(node):
    idle = node.connect()
    idle.call("Metadata", 9, {"Topics": []})
    if "connections.max.idle.ms" not in node.server.settings:
        # Longer than the other value lets it live.
        node.call("Fetch", 11, {"MaxWaitMs": 300, "MinBytes": 1, "Topics": [
            {"Topic": node.topic(), "Partitions": [{"Partition": 0, "FetchOffset": 0,
                                                    "PartitionMaxBytes": 1}]}]})
        idle.call("Metadata", 9, {"Topics": []})
        return "open"
    try:
        idle.read(1)
    except Closed:
        return "closed"
    return "open"


@effect("fetch.max.bytes", {"1024": 1, DEFAULT: 2})
def partitions_that_one_fetch_answers(node):
    topics = [node.topic("first"), node.topic("second")]
    for topic in topics:
        node.produce(topic, [LARGE])
    answer = node.fetch(topics)
    return sum(1 for topic in answer["Responses"] if topic["Partitions"][0]["Records"])


@effect("max.incremental.fetch.session.cache.slots", {"1": 0, DEFAULT: 1})
def a_second_fetch_session(node):
    topic = node.topic()
    assert node.fetch([topic], SessionEpoch=0)["SessionId"] != 0
    answer = Connection(node.server.port)
    node.connections.append(answer)
    found = answer.call("Fetch", 11, {"MaxWaitMs": 0, "SessionEpoch": 0, "Topics": [
        {"Topic": topic, "Partitions": [{"Partition": 0, "FetchOffset": 0,
                                         "PartitionMaxBytes": 1000}]}]})
    return int(found["SessionId"] != 0)


@effect("max.request.partition.size.limit", {"2": 2, DEFAULT: 5})
def partitions_that_one_description_holds(node):
    node.topic("topic", partitions=5)
    answer = node.call("DescribeTopicPartitions", 0, {"Topics": [{"Name": "topic"}]})
    return len(answer["Topics"][0]["Partitions"])


@effect("socket.request.max.bytes", {"50000": "closed", DEFAULT: 0})
def a_request_of_100_kb(node):
    topic = node.topic()
    try:
        return node.produce(topic, [LARGE])["ErrorCode"]
    except (Closed, BrokenPipeError, ConnectionResetError):
        return "closed"


def socket_table(node, *options):
    return subprocess.run(["ss", "-Hn", *options, f"sport = :{node.server.port}"], text=True,
                          capture_output=True, check=True).stdout


@effect("socket.listen.backlog.size", {"7": "7", "11": "11"})
def connections_that_may_wait_to_be_accepted(node):
    return socket_table(node, "-lt").split()[2]


def socket_memory(node, letters):
    node.call("Metadata", 9, {"Topics": []})
    return int(re.search(rf"\b{letters}(\d+)", socket_table(node, "-tm")).group(1))


# The kernel doubles what is asked for.
@effect("socket.receive.buffer.bytes", {"20000": 40000, "30000": 60000})
def memory_for_what_arrives(node):
    return socket_memory(node, "rb")


@effect("socket.send.buffer.bytes", {"20000": 40000, "30000": 60000})
def memory_for_what_leaves(node):
    return socket_memory(node, "tb")


class Unfinished:
    """A produce request of which the last byte is not sent."""

    def __init__(self, node, request):
        self.connection = node.connect()
        self.connection.send_frame = self.send_all_but_the_last_byte
        self.connection.send("Produce", 9, request)

    def send_all_but_the_last_byte(self, frame):
        self.connection.socket.sendall(len(frame).to_bytes(4, "big") + frame[:-1])


@effect("queued.max.request.bytes", {"120000": "waits", DEFAULT: "is taken"},
        socket_request_max_bytes="120000")
def a_request_beside_two_of_100_kb_that_do_not_end(node):
    """The first fills the memory, the second is the one that may be taken beyond it."""
    request = {"Acks": -1, "TimeoutMs": 30000, "TopicData": [
        {"Name": node.topic(), "PartitionData": [{"Index": 0, "Records": batch([LARGE])}]}]}
    unfinished = [Unfinished(node, request) for _ in range(2)]
    for one in unfinished:
        # The server has read what can be read: nothing is left in the buffers between.
        until(lambda: unread_bytes(node, one.connection), lambda count: count == 0)
    other = node.connect()
    other.send("Produce", 9, request)
    if "queued.max.request.bytes" in node.server.settings:
        until(lambda: unread_bytes(node, other), lambda count: count > 0)
        for _ in range(20):
            node.server.resident_mib()
            if unread_bytes(node, other) == 0:
                return "is taken"
        return "waits"
    other.receive("Produce", 9)
    return "is taken"


def unread_bytes(node, connection):
    """Of what the client sent, the bytes that lie in the system's buffers."""
    port = connection.socket.getsockname()[1]
    lines = subprocess.run(["ss", "-Htn", f"( sport = :{port} or dport = :{port} )"], text=True,
                           capture_output=True, check=True).stdout.splitlines()
    return sum(int(line.split()[1]) + int(line.split()[2]) for line in lines)
