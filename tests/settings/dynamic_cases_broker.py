# SPDX-License-Identifier: Apache-2.0
"""Brokers' keys that are changed while the server runs."""

import itertools
import re
import socket
import struct
import time
from pathlib import Path

from flushed import flushed_end, is_flushed_with_witness
from live import BROKER, LOGGER, alter, change, of_brokers
from node import until

INVALID_REQUEST = 42
STORAGE_ERROR = 56
API_VERSIONS = struct.pack(">ihhih", 10, 18, 0, 1, -1)
SILENCE_S = 0.2


class Client:
    """Asks once it is connected, and looks whether it is answered."""

    def __init__(self, node):
        self.socket = socket.create_connection(("127.0.0.1", node.server.port), timeout=10)
        self.socket.sendall(API_VERSIONS)

    def state(self, patience_s=10):
        """"answered", "closed", or "waits"."""
        self.socket.settimeout(patience_s)
        try:
            return "answered" if self.socket.recv(4) else "closed"
        except TimeoutError:
            return "waits"
        except OSError:
            return "closed"

    def waits(self):
        return self.state(SILENCE_S) == "waits"

    def close(self):
        self.socket.close()


def limits_connections(node, change_limit):
    """One connection is the node's own."""
    change_limit("2")
    second = Client(node)
    assert second.state() == "answered"
    third = Client(node)
    assert third.waits()
    change_limit("3")
    assert third.state() == "answered", "a higher limit lets in who waits"
    fourth = Client(node)
    assert fourth.waits()
    change_limit(None)
    assert fourth.state() == "answered", "no limit lets in who waits"
    for client in (second, third, fourth):
        client.close()


@of_brokers("log.dir.reserve.bytes")
def records_are_refused_where_less_is_free(node, change_reserve):
    topic = node.topic()
    assert node.produce(topic)["ErrorCode"] == 0
    change_reserve(str(1 << 60))
    refused = node.produce(topic)
    assert refused["ErrorCode"] == STORAGE_ERROR, refused
    assert "log.dir.reserve.bytes" in refused["ErrorMessage"], refused
    change_reserve(None)
    until(lambda: node.produce(topic)["ErrorCode"], lambda code: code == 0)


@of_brokers("max.connections")
def connections_above_the_limit_wait(node, change_limit):
    limits_connections(node, change_limit)


@of_brokers("listener.name.plaintext.max.connections")
def connections_above_the_listeners_limit_wait(node, change_limit):
    limits_connections(node, change_limit)


def limits_an_address(node, change_limit, limit):
    change_limit(limit)
    second = Client(node)
    assert second.state() == "closed"
    change_limit(None)
    third = Client(node)
    assert third.state() == "answered"
    for client in (second, third):
        client.close()


@of_brokers("max.connections.per.ip")
def a_second_connection_of_an_address_is_closed(node, change_limit):
    limits_an_address(node, change_limit, "1")


@of_brokers("max.connections.per.ip.overrides")
def a_second_connection_of_the_named_address_is_closed(node, change_limit):
    limits_an_address(node, change_limit, "127.0.0.1:1")


def limits_the_rate(node, change_limit):
    change_limit("2")
    began = time.monotonic()
    for _ in range(6):
        client = Client(node)
        assert client.state() == "answered"
        client.close()
    assert time.monotonic() - began > 1, "six connections at two a second"
    change_limit(None)


@of_brokers("max.connection.creation.rate")
def connections_come_slowly(node, change_limit):
    limits_the_rate(node, change_limit)


@of_brokers("listener.name.plaintext.max.connection.creation.rate")
def a_listeners_connections_come_slowly(node, change_limit):
    limits_the_rate(node, change_limit)


def threads(node, name):
    """{thread's name: how often it has waited}."""
    found = {}
    for task in Path(f"/proc/{node.pid}/task").iterdir():
        try:
            kind = (task / "comm").read_text().strip()
            status = (task / "status").read_text()
        except OSError:
            continue  # it has just ended
        if kind.startswith(name):
            found[kind] = int(status.split("\nvoluntary_ctxt_switches:")[1].split()[0])
    return found


@of_brokers("num.io.threads", num_io_threads="2")
def threads_of_the_disk_pool(node, change_number):
    work = itertools.count()

    def busy():
        """Deletes and makes logs, in parallel."""
        node.create(f"work-{next(work)}", partitions=40)
        return len(threads(node, "worker-"))

    assert until(busy, lambda count: count == 2) == 2
    change_number("4")
    assert until(busy, lambda count: count > 2) <= 4
    change_number("2")
    until(busy, lambda count: count <= 2)
    change_number(None)


@of_brokers("num.recovery.threads.per.data.dir", num_io_threads="8")
def threads_that_open_logs_at_a_start(node, change_number):
    node.create("topic", partitions=300)

    def threads_of_a_start():
        node.server.stop()
        node.server.start()
        node.connection = node.connect()
        said = re.findall(r"logs opened in \d+ ms by (\d+) threads", node.server.log.read_text())
        return int(said[-1])

    change_number("1")
    assert threads_of_a_start() == 1
    change_number("2")
    change_number("4")  # at most twice as many at a time
    until(threads_of_a_start, lambda count: 2 < count <= 4)
    change_number(None)
    assert threads_of_a_start() <= 2


@of_brokers("num.network.threads", num_network_threads="2")
def threads_that_serve_new_connections(node, change_number):
    def serving():
        """How many loops six new connections wake; the first one accepts, too."""
        clients = [Client(node) for _ in range(6)]
        assert all(client.state() == "answered" for client in clients)
        before = threads(node, "loop-") | threads(node, "odradek")
        for client in clients:
            for _ in range(5):
                client.socket.sendall(API_VERSIONS)
                client.socket.recv(1 << 16)
        after = threads(node, "loop-") | threads(node, "odradek")
        for client in clients:
            client.close()
        return sum(after[name] > before[name] + 3 for name in before)

    assert until(serving, lambda count: count == 2) == 2
    change_number("4")
    until(serving, lambda count: count == 4)
    change_number("2")
    until(serving, lambda count: count == 2)
    change_number(None)
    assert alter(node, BROKER, "1", "num.network.threads", "5") == INVALID_REQUEST


@of_brokers("producer.id.expiration.ms", log_initial_task_delay_ms="0",
            producer_id_expiration_check_interval_ms="50")
def a_partition_forgets_its_producers(node, change_time):
    def produce(producer):
        node.produce("topic", producer_id=producer, producer_epoch=0, base_sequence=0)

    node.topic()
    produce(7)
    assert node.producers("topic") == [7]
    change_time("1")
    until(lambda: node.producers("topic"), lambda ids: not ids)
    change_time(None)
    produce(8)
    # Older than any time: it goes with the next look.
    node.topic("witness")
    node.produce("witness", producer_id=9, producer_epoch=0, base_sequence=0, timestamp=1000)
    until(lambda: node.producers("witness"), lambda ids: not ids)
    assert node.producers("topic") == [8]


@of_brokers("listeners")
def listeners_are_opened_at_start(node, change_number):
    """A change that nothing would carry out is refused."""
    del change_number
    code = alter(node, BROKER, "1", "listeners", f"PLAINTEXT://127.0.0.1:{node.server.port}")
    assert code == INVALID_REQUEST, code


@of_brokers("listener.security.protocol.map")
def protocols_are_given_at_start(node, change_number):
    del change_number
    code = alter(node, BROKER, "1", "listener.security.protocol.map", "PLAINTEXT:PLAINTEXT")
    assert code == INVALID_REQUEST, code


@of_brokers("loggers")
def a_logger_is_silent(node, change_nothing):
    """The level decides about the very next line: at the refusal of a connection, net warns."""
    del change_nothing
    change(node, BROKER, "1", "max.connections.per.ip", "1")

    def refusals():
        client = Client(node)
        assert client.state() == "closed"
        client.close()
        return node.server.log.read_text().count("connection refused")

    assert node.server.log.read_text().count("connection refused") == 0
    change(node, LOGGER, "1", "kafka.network", "ERROR")
    assert refusals() == 0
    assert node.described(LOGGER, "1", "net") == "ERROR"
    change(node, LOGGER, "1", "kafka.network", None)
    until(refusals, lambda count: count > 0)


def flushes_what_is_cached(node, change_bound, bound):
    topic = node.topic("cached", write_caching="true")
    assert not is_flushed_with_witness(node, topic)
    change_bound(bound)
    end = node.produce(topic)["BaseOffset"] + 1
    until(lambda: flushed_end(node, topic), lambda offset: offset == end)
    change_bound(None)
    assert not is_flushed_with_witness(node, topic)


@of_brokers("write.caching.default")
def topics_follow_the_brokers_caching(node, change_default):
    topic = node.topic("of-the-broker")
    assert is_flushed_with_witness(node, topic)
    change_default("true")
    assert not is_flushed_with_witness(node, topic)
    change_default(None)
    assert is_flushed_with_witness(node, topic)


@of_brokers("log.unflushed.max.ms")
def cached_records_are_flushed_in_time(node, change_bound):
    flushes_what_is_cached(node, change_bound, "20")


@of_brokers("log.unflushed.max.bytes")
def cached_records_are_flushed_when_there_are_many(node, change_bound):
    flushes_what_is_cached(node, change_bound, "1")
