# SPDX-License-Identifier: Apache-2.0
"""What the cases of throttled replication have in common: a replica on broker 2 that is filled from
broker 1, or one on broker 1 that is filled from broker 2."""

import time

from fake_broker import FakeBroker
from live import TOPIC, change
from node import until

AS_LEADER = "leader.replication.throttled.replicas"
AS_FOLLOWER = "follower.replication.throttled.replicas"
# What an observation waits before it says that nothing comes.
WATCHED_S = 1.5


def other(node):
    """Broker 2, the same as long as the node runs; as a leader it has more than it sends."""
    if not hasattr(node, "other"):
        node.other = FakeBroker(node, high_watermark=1000)
    return node.other


def reassign(node, topic, replicas):
    answer = node.call("AlterPartitionReassignments", 0, {"TimeoutMs": 1000, "Topics": [
        {"Name": topic, "Partitions": [{"PartitionIndex": 0, "Replicas": replicas}]}]})
    assert answer["ErrorCode"] == 0, answer


def fill_other(node, topic, values=(b"value",)):
    """Broker 2 is to have the topic of broker 1, in which there is something."""
    follower = other(node)
    node.produce(topic, values, acks=1)
    reassign(node, topic, [1, 2])
    until(lambda: follower.described(node, topic)[1]["ReplicaNodes"], lambda found: 2 in found)
    until(lambda: follower.fetch(node, topic)["ErrorCode"], lambda code: code == 0)
    return follower


def throttle(node, topic, key):
    change(node, TOPIC, topic, key, "0:1")


def is_sent(follower, node, topic):
    return bool(follower.fetch(node, topic)["Records"])


def take_the_lead(node, topic, broker):
    """Of a partition that broker 1 has: the broker, which is broker 2, comes to it."""
    def leads():
        return node.metadata([topic])["Topics"][0]["Partitions"][0]["LeaderId"]

    def elected():
        node.call("ElectLeaders", 2, {"ElectionType": 0, "TimeoutMs": 1000, "TopicPartitions": [
            {"Topic": topic, "Partitions": [0]}]})
        return leads()

    if leads() == 2:
        return
    reassign(node, topic, [2, 1])
    until(lambda: broker.catch_up(node, topic), bool)
    until(elected, lambda leader: leader == 2)


def is_asked_for(node, topic, leader):
    """Whether broker 1 goes on to fetch the topic from broker 2, which always has more."""
    wanted = leader.described(node, topic)[0]
    begun = len(leader.fetches)

    def asked():
        return sum(found["TopicId"] == wanted for _, fetch in leader.fetches[begun:]
                   for found in fetch["Topics"])
    deadline = time.monotonic() + WATCHED_S
    while asked() < 20 and time.monotonic() < deadline:
        time.sleep(0.02)
    return asked() >= 20
