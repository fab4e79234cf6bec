# SPDX-License-Identifier: Apache-2.0
"""Settings of replication and elections that are changed while a cluster runs."""

import contextlib
import time

from cluster import REACHABLE_CLUSTER
from fake_broker import FakeBroker, create
from live import of_brokers, of_topics
from node import until
from throttled import (AS_FOLLOWER, AS_LEADER, fill_other, is_asked_for, is_sent, other,
                       take_the_lead, throttle)

# As long as a leader is watched for that shall not come.
WATCHED_S = 1.5
NOT_ENOUGH_REPLICAS = 19
IN_A_FILE = {key.replace("_", "."): value for key, value in REACHABLE_CLUSTER.items()}


def leads(node, topic):
    return node.metadata([topic])["Topics"][0]["Partitions"][0]["LeaderId"]


@of_topics("min.insync.replicas", "2", before=0, after=NOT_ENOUGH_REPLICAS, settings=IN_A_FILE)
def code_where_one_of_two_replicas_is_in_sync(node, topic):
    """Two are not asked for of a topic that has one replica: broker 2 gets the other, and never
    has anything.
    """
    assert node.produce(topic)["ErrorCode"] == 0
    with contextlib.closing(FakeBroker(node)):
        answer = node.call("AlterPartitionReassignments", 0, {"TimeoutMs": 1000, "Topics": [
            {"Name": topic, "Partitions": [{"PartitionIndex": 0, "Replicas": [1, 2]}]}]})
        assert answer["ErrorCode"] == 0, answer
        until(lambda: FakeBroker.described(node, topic)[1]["ReplicaNodes"],
              lambda replicas: replicas == [1, 2])
        code = node.produce(topic)["ErrorCode"]
        answer = node.call("AlterPartitionReassignments", 0, {"TimeoutMs": 1000, "Topics": [
            {"Name": topic, "Partitions": [{"PartitionIndex": 0, "Replicas": None}]}]})
        assert answer["ErrorCode"] == 0, answer
    until(lambda: FakeBroker.described(node, topic)[1]["ReplicaNodes"],
          lambda replicas: replicas == [1])
    return code


@of_topics("unclean.leader.election.enable", "true", before=-1, after=1,
           settings={**IN_A_FILE, "broker.session.timeout.ms": "4000"})
def who_leads_once_the_only_one_in_sync_is_gone(node, topic):
    until(lambda: leads(node, topic), lambda leader: leader == 1)
    broker = FakeBroker(node)
    with contextlib.closing(broker):
        take_the_lead(node, topic, broker)
        broker.leave_alone(node, topic)
        broker.vanish(node, topic)
    deadline = time.monotonic() + WATCHED_S
    while leads(node, topic) != 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    return leads(node, topic)


@of_brokers("unclean.leader.election.enable", **REACHABLE_CLUSTER)
def who_leads_at_once_when_that_is_allowed(node, change):
    with contextlib.closing(FakeBroker(node)) as broker:
        create(node, [2, 1])
        broker.leave_alone(node, "topic")
        broker.vanish(node, "topic")
    assert leads(node, "topic") == -1
    change("true")
    until(lambda: leads(node, "topic"), lambda leader: leader == 1)
    change(None)


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


@of_topics(AS_LEADER, "0:1", before=True, after=False,
           settings={**IN_A_FILE, "leader.replication.throttled.rate": "0"})
def whether_a_replica_is_filled_at_a_rate_of_nothing(node, topic):
    return is_sent(fill_other(node, topic), node, topic)


@of_topics(AS_FOLLOWER, "0:1", before=True, after=False,
           settings={**IN_A_FILE, "follower.replication.throttled.rate": "0"})
def whether_a_replica_fills_itself_at_a_rate_of_nothing(node, topic):
    take_the_lead(node, topic, other(node))
    return is_asked_for(node, topic, other(node))


@of_brokers("leader.replication.throttled.rate", **REACHABLE_CLUSTER)
def a_replica_is_filled_at_its_rate(node, change_rate):
    topic = node.topic()
    throttle(node, topic, AS_LEADER)
    follower = fill_other(node, topic)
    assert is_sent(follower, node, topic)
    change_rate("0")
    assert not is_sent(follower, node, topic)
    change_rate(None)
    assert is_sent(follower, node, topic)


@of_brokers("follower.replication.throttled.rate", **REACHABLE_CLUSTER)
def a_replica_fills_itself_at_its_rate(node, change_rate):
    topic = node.topic()
    throttle(node, topic, AS_FOLLOWER)
    take_the_lead(node, topic, other(node))
    assert is_asked_for(node, topic, other(node))
    change_rate("0")
    assert not is_asked_for(node, topic, other(node))
    change_rate(None)
    assert is_asked_for(node, topic, other(node))
