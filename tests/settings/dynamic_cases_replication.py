# SPDX-License-Identifier: Apache-2.0
"""Settings of replication and elections that are changed while a cluster runs."""

import contextlib
import time

from cluster import REACHABLE_CLUSTER
from fake_broker import FakeBroker, create
from live import of_brokers, of_topics
from node import until

# Long enough for a few of the elections that come round every 100 ms.
WATCHED_S = 1.5


def leads(node, topic):
    return node.metadata([topic])["Topics"][0]["Partitions"][0]["LeaderId"]


def take_the_lead(node, topic, broker):
    """Of a partition that broker 1 has: the broker, which is broker 2, comes to it."""
    answer = node.call("AlterPartitionReassignments", 0, {"TimeoutMs": 1000, "Topics": [
        {"Name": topic, "Partitions": [{"PartitionIndex": 0, "Replicas": [2, 1]}]}]})
    assert answer["ErrorCode"] == 0, answer
    until(lambda: broker.catch_up(node, topic), bool)

    def elected():
        node.call("ElectLeaders", 2, {"ElectionType": 0, "TimeoutMs": 1000, "TopicPartitions": [
            {"Topic": topic, "Partitions": [0]}]})
        return leads(node, topic)
    until(elected, lambda leader: leader == 2)


@of_topics("unclean.leader.election.enable", "true", before=-1, after=1,
           settings={**{key.replace("_", "."): value for key, value in REACHABLE_CLUSTER.items()},
                     "unclean.leader.election.interval.ms": "100",
                     "broker.session.timeout.ms": "4000"})
def who_leads_once_the_only_one_in_sync_is_gone(node, topic):
    until(lambda: leads(node, topic), lambda leader: leader == 1)
    broker = FakeBroker(node)
    with contextlib.closing(broker):
        take_the_lead(node, topic, broker)
        broker.leave_alone(node, topic)
    until(lambda: leads(node, topic), lambda leader: leader != 2)
    deadline = time.monotonic() + WATCHED_S
    while leads(node, topic) != 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    return leads(node, topic)


@of_brokers("num.replica.fetchers", **REACHABLE_CLUSTER)
def connections_that_copy_from_one_leader(node, change):
    def fetching():
        """Over how many there are requests from now on."""
        leader.fetching.clear()
        begun = len(leader.fetches)
        until(lambda: len(leader.fetches), lambda count: count > begun + 40)
        return len(leader.fetching)

    with contextlib.closing(FakeBroker(node)) as leader:
        create(node, [2, 1], 16)
        until(fetching, lambda count: count == 1)
        change("2")
        until(fetching, lambda count: count == 2)
        change(None)
        until(fetching, lambda count: count == 1)
