# SPDX-License-Identifier: Apache-2.0
"""Settings that act between brokers. The server of a case is broker 1, and the controller; where
it takes two, the setting is the second one's as well."""

import contextlib
import os
import signal
import subprocess
import uuid

from cluster import CLUSTER, takes
from effect import effect
from node import Node, Server, until

# The server of a case may be frozen for a while.
LASTING = {**CLUSTER, "zookeeper_session_timeout_ms": "30000"}
SECOND = 2
REQUEST_TIMED_OUT = 7


def settings_of_second(node):
    return {**node.server.settings, "broker.id": str(SECOND)}


@contextlib.contextmanager
def second(node):
    """Another broker of the node's cluster, which has what the node has of settings."""
    server = Server(node.server.directory.parent / "second", settings_of_second(node),
                    node.server.binary).start()
    other = Node(server)
    try:
        until(lambda: live_brokers(node), lambda brokers: SECOND in brokers)
        yield other
    finally:
        for connection in other.connections:
            connection.close()
        if server.running():
            server.kill()


@contextlib.contextmanager
def frozen(node):
    os.kill(node.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(node.pid, signal.SIGCONT)


def live_brokers(node):
    """Metadata names one that is gone for a while yet."""
    return {broker["BrokerId"] for broker in node.call("DescribeCluster", 1, {})["Brokers"]}


def silent_broker(node):
    """Registers as broker 2 over the wire, serves, and is not heard of again."""
    features = node.call("ApiVersions", 4, {"ClientSoftwareName": "test",
                                            "ClientSoftwareVersion": "1"})["SupportedFeatures"]
    registered = node.call("BrokerRegistration", 4, {
        "BrokerId": SECOND, "ClusterId": node.metadata()["ClusterId"],
        "IncarnationId": str(uuid.uuid4()), "LogDirs": [str(uuid.uuid4())],
        "Listeners": [{"Name": "PLAINTEXT", "Host": "127.0.0.1", "Port": node.server.port,
                       "SecurityProtocol": 0}],
        "Features": [{"Name": feature["Name"], "MinSupportedVersion": feature["MinVersion"],
                      "MaxSupportedVersion": feature["MaxVersion"]} for feature in features]})
    assert registered["ErrorCode"] == 0, registered
    beat = node.call("BrokerHeartbeat", 1, {
        "BrokerId": SECOND, "BrokerEpoch": registered["BrokerEpoch"],
        "CurrentMetadataOffset": registered["BrokerEpoch"]})
    assert beat["ErrorCode"] == 0 and not beat["IsFenced"], beat


@effect("broker.session.timeout.ms", {"1500": False, "6000": True}, **CLUSTER)
def whether_a_silent_broker_serves_for_long(node):
    silent_broker(node)
    return takes(
        5, lambda: until(lambda: live_brokers(node), lambda brokers: SECOND not in brokers))


@effect("broker.heartbeat.interval.ms", {"100": [1], "60000": []}, **CLUSTER,
        broker_session_timeout_ms="1500")
def who_serves_after_a_session_s_time(node):
    silent_broker(node)
    return sorted(until(lambda: live_brokers(node), lambda brokers: SECOND not in brokers))


@effect("initial.broker.registration.timeout.ms", {"1000": False, "5000": True}, **LASTING,
        controller_socket_timeout_ms="200")
def whether_a_start_waits_long_for_the_controller(node):
    server = Server(node.server.directory.parent / "second", settings_of_second(node),
                    node.server.binary)

    def fail():
        assert subprocess.run(server.command(), capture_output=True, check=False,
                              timeout=60).returncode == 1
    with frozen(node):
        return takes(4.5, fail)


@effect("controlled.shutdown.enable", {"true": True, "false": False}, **CLUSTER)
def whether_leaderships_are_handed_over(node):
    with second(node) as other:
        other.server.stop()
    return f"broker {SECOND} shuts down" in node.server.log.read_text()


def whether_a_stop_without_the_controller_takes_long(node):
    with second(node) as other, frozen(node):
        return takes(3, other.server.stop)


effect("controlled.shutdown.max.retries", {"0": False, "4": True}, **LASTING,
       controller_socket_timeout_ms="100", controlled_shutdown_retry_backoff_ms="1000")(
    whether_a_stop_without_the_controller_takes_long)
effect("controlled.shutdown.retry.backoff.ms", {"100": False, "2000": True}, **LASTING,
       controller_socket_timeout_ms="100", controlled_shutdown_max_retries="2")(
    whether_a_stop_without_the_controller_takes_long)
effect("controller.socket.timeout.ms", {"200": False, "4000": True}, **LASTING,
       controlled_shutdown_max_retries="0")(whether_a_stop_without_the_controller_takes_long)


@effect("request.timeout.ms", {"1000": False, "5000": True}, **LASTING)
def whether_a_client_s_change_waits_long_for_the_controller(node):
    def fail():
        answer = other.call("AlterClientQuotas", 1, {"Entries": [
            {"Entity": [{"EntityType": "user", "EntityName": "somebody"}],
             "Ops": [{"Key": "producer_byte_rate", "Value": 1.0, "Remove": False}]}]})
        assert answer["Entries"][0]["ErrorCode"] == REQUEST_TIMED_OUT, answer
    with second(node) as other, frozen(node):
        return takes(4.5, fail)


@effect("offsets.topic.replication.factor", {"1": 1, "2": 2}, **CLUSTER,
        offsets_topic_num_partitions="1")
def replicas_of_groups(node):
    with second(node):
        node.commit("topic")
        (topic,) = node.metadata(["__consumer_offsets"])["Topics"]
        return len(topic["Partitions"][0]["ReplicaNodes"])


@effect("transaction.state.log.replication.factor", {"1": 1, "2": 2}, **CLUSTER,
        transaction_state_log_num_partitions="1")
def replicas_of_transactions(node):
    with second(node):
        node.call("Metadata", 9, {"Topics": [{"Name": "__transaction_state"}],
                                  "AllowAutoTopicCreation": True})
        (topic,) = until(lambda: node.metadata(["__transaction_state"])["Topics"],
                         lambda topics: topics[0]["Partitions"])
        return len(topic["Partitions"][0]["ReplicaNodes"])
