# SPDX-License-Identifier: Apache-2.0
"""Settings of the controller: elections that nobody asks for, and what is kept of why."""

import contextlib
import time

from cluster import REACHABLE_CLUSTER
from effect import effect
from fake_broker import FakeBroker
from node import until

OFTEN = {"leader_imbalance_check_interval_seconds": "1"}
# Two or three checks: as long as a leader is watched that shall not change.
WATCHED_S = 3
TOPIC = 2


def leaders(node, names):
    topics = node.metadata(names)["Topics"]
    return [topic["Partitions"][0]["LeaderId"] for topic in topics]


def assigned(node, name, replicas):
    answer = node.call("CreateTopics", 7, {"Topics": [
        {"Name": name, "NumPartitions": -1, "ReplicationFactor": -1,
         "Assignments": [{"PartitionIndex": 0, "BrokerIds": replicas}]}], "timeoutMs": 1000})
    assert answer["Topics"][0]["ErrorCode"] in (0, 7), answer


def prefer(node, names, replicas):
    """The order of the replicas changes; the leader stays."""
    answer = node.call("AlterPartitionReassignments", 0, {"TimeoutMs": 1000, "Topics": [
        {"Name": name, "Partitions": [{"PartitionIndex": 0, "Replicas": replicas}]}
        for name in names]})
    assert answer["ErrorCode"] == 0, answer


def watched(look, wanted):
    """What is seen once it is wanted, or at the end."""
    deadline = time.monotonic() + WATCHED_S
    while (seen := look()) != wanted and time.monotonic() < deadline:
        time.sleep(0.02)
    return seen


def moved(node):
    """Who leads a topic that broker 2 led when broker 1 became the preferred leader."""
    with contextlib.closing(FakeBroker(node)):
        assigned(node, "topic", [2, 1])
        prefer(node, ["topic"], [1, 2])
        return watched(lambda: leaders(node, ["topic"]), [1])[0]


@effect("auto.leader.rebalance.enable", {"true": 1, "false": 2}, **REACHABLE_CLUSTER, **OFTEN)
def whether_leadership_goes_back(node):
    return moved(node)


@effect("leader.imbalance.check.interval.seconds", {"1": 1, "300": 2}, **REACHABLE_CLUSTER)
def whether_it_goes_back_soon(node):
    return moved(node)


@effect("leader.imbalance.per.broker.percentage", {"49": 1, "50": 2}, **REACHABLE_CLUSTER, **OFTEN)
def whether_half_of_them_is_much(node):
    with contextlib.closing(FakeBroker(node)):
        assigned(node, "at-home", [1, 2])
        assigned(node, "topic", [2, 1])
        prefer(node, ["topic"], [1, 2])
        return watched(lambda: leaders(node, ["topic"]), [1])[0]


def set_unclean(node, name, value):
    """No value: the topic has none of its own any more."""
    answer = node.call("IncrementalAlterConfigs", 1, {"Resources": [
        {"ResourceType": TOPIC, "ResourceName": name, "Configs": [
            {"Name": "unclean.leader.election.enable",
             "ConfigOperation": 1 if value is None else 0, "Value": value}]}]})
    assert answer["Responses"][0]["ErrorCode"] == 0, answer


@effect("unclean.leader.election.enable", {"true": 1, "false": -1}, **REACHABLE_CLUSTER)
def who_leads_when_nobody_in_sync_is_left(node):
    with contextlib.closing(FakeBroker(node)) as leader:
        assigned(node, "topic", [2, 1])
        leader.leave_alone(node, "topic")
        leader.vanish(node, "topic")
    return watched(lambda: leaders(node, ["topic"]), [1])[0]


@effect("unclean.leader.election.interval.ms", {"100": 1, "300000": -1},
        unclean_leader_election_enable="true", **REACHABLE_CLUSTER)
def whether_a_check_finds_who_may_lead(node):
    """Broker 2 is the only one in sync, and goes; then the topic has its own false no more."""
    with contextlib.closing(FakeBroker(node)) as leader:
        assigned(node, "topic", [2, 1])
        set_unclean(node, "topic", "false")
        leader.leave_alone(node, "topic")
        leader.vanish(node, "topic")
    assert leaders(node, ["topic"]) == [-1]
    set_unclean(node, "topic", None)
    return watched(lambda: leaders(node, ["topic"]), [1])[0]


@effect("events.max.bytes", {"4096": True, "1048576": False}, **REACHABLE_CLUSTER)
def whether_the_first_of_a_hundred_moves_is_forgotten(node):
    names = [f"topic-{i}" for i in range(50)]
    with contextlib.closing(FakeBroker(node)):
        for name in names:
            assigned(node, name, [2, 1])
        prefer(node, names, [1, 2])
        prefer(node, names, [2, 1])

    def kept():
        files = [node.data / name for name in ("events.log.1", "events.log")]
        return "".join(file.read_text() for file in files if file.exists())
    until(kept, lambda text: f"{names[-1]}-0: " in text)
    return f"{names[0]}-0: " not in kept()
