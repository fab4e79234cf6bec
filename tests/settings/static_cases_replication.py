# SPDX-License-Identifier: Apache-2.0
"""Settings of replication: what a follower asks its leader for, and whom a leader counts on."""

import contextlib
import re
import select
import subprocess
import time

from cluster import REACHABLE_CLUSTER
from effect import DEFAULT, NO_START, effect
from fake_broker import UNKNOWN_LEADER_EPOCH, FakeBroker, create
from node import until
from throttled import AS_LEADER, fill_other, is_sent, throttle

COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR = 14, 15, 16


@contextlib.contextmanager
def leader_of_a_topic(node, **kind):
    broker = FakeBroker(node, **kind)
    try:
        create(node, [2, 1])
        yield broker
    finally:
        broker.close()


def first_fetch(node):
    with leader_of_a_topic(node) as leader:
        return until(lambda: leader.fetches, bool)[0][1]


@effect("replica.fetch.wait.max.ms", {"100": 100, "250": 250}, **REACHABLE_CLUSTER)
def how_long_the_leader_may_wait(node):
    return first_fetch(node)["MaxWaitMs"]


@effect("replica.fetch.min.bytes", {"1": 1, "5000": 5000}, **REACHABLE_CLUSTER)
def how_much_the_leader_shall_gather(node):
    return first_fetch(node)["MinBytes"]


@effect("replica.fetch.max.bytes", {"1048576": 1048576, "3000": 3000}, **REACHABLE_CLUSTER)
def how_much_of_a_partition(node):
    return first_fetch(node)["Topics"][0]["Partitions"][0]["PartitionMaxBytes"]


@effect("replica.fetch.response.max.bytes", {"10485760": 10485760, "70000": 70000},
        **REACHABLE_CLUSTER)
def how_much_at_once(node):
    return first_fetch(node)["MaxBytes"]


@effect("replica.fetch.backoff.ms", {"20": False, "1000": True}, **REACHABLE_CLUSTER)
def whether_ten_failed_fetches_take_more_than_a_second(node):
    """The time between them doubles from 10 ms on, up to the setting."""
    with leader_of_a_topic(node, error=UNKNOWN_LEADER_EPOCH) as leader:
        def failed():
            return [at for at, fetch in list(leader.fetches) if fetch["Topics"]]
        until(lambda: len(failed()), lambda count: count >= 10)
        return failed()[9] - failed()[0] > 1.2


@effect("replica.socket.timeout.ms", {"1000": False, "5000": True}, **REACHABLE_CLUSTER)
def whether_a_silent_leader_is_waited_for_long(node):
    with leader_of_a_topic(node, is_silent=True) as leader:
        until(lambda: leader.closed_at, bool)
        return leader.closed_at - leader.fetches[0][0] > 4


@effect("replica.lag.time.max.ms", {"1000": True, "60000": False}, **REACHABLE_CLUSTER)
def whether_a_follower_that_never_asks_is_out_within_four_seconds(node):
    follower = FakeBroker(node)
    create(node, [1, 2])
    until(lambda: node.produce("topic", acks=1), lambda answer: True)
    begin = time.monotonic()
    while time.monotonic() - begin < 4:
        topic = node.metadata(["topic"])["Topics"][0]
        if topic["Partitions"] and topic["Partitions"][0]["IsrNodes"] == [1]:
            break
        time.sleep(0.02)
    follower.close()
    return time.monotonic() - begin < 4


@effect("offsets.commit.timeout.ms", {"1000": COORDINATOR_NOT_AVAILABLE, "3600000": None},
        **REACHABLE_CLUSTER, offsets_topic_num_partitions=1)
def what_a_commit_hears_that_a_follower_never_has(node):
    """Nothing within four seconds is None."""
    follower = FakeBroker(node)
    create(node, [1])
    create(node, [1, 2], name="__consumer_offsets")
    connection = node.connect()

    def commit():
        connection.send("OffsetCommit", 2, {"GroupId": "group", "Topics": [
            {"Name": "topic", "Partitions": [{"PartitionIndex": 0, "CommittedOffset": 0}]}]})
        if not select.select([connection.socket], [], [], 4)[0]:
            return None
        answer = connection.receive("OffsetCommit", 2)
        return answer["Topics"][0]["Partitions"][0]["ErrorCode"]
    code = until(commit, lambda code: code not in (NOT_COORDINATOR, COORDINATOR_LOAD_IN_PROGRESS))
    follower.close()
    return code


MANY = 16  # partitions: each of a few connections has some of them


@effect("num.replica.fetchers", {"1": 1, "3": 3}, **REACHABLE_CLUSTER)
def connections_that_copy_from_one_leader(node):
    with contextlib.closing(FakeBroker(node)) as leader:
        create(node, [2, 1], MANY)
        until(lambda: {(topic["TopicId"], partition["Partition"])
                       for _, fetch in list(leader.fetches) for topic in fetch["Topics"]
                       for partition in topic["Partitions"]}, lambda seen: len(seen) == MANY)
        return len(leader.fetching)


# The kernel doubles what is asked for.
@effect("replica.socket.receive.buffer.bytes", {"20000": 40000, "30000": 60000},
        **REACHABLE_CLUSTER)
def memory_for_what_leaders_send(node):
    with leader_of_a_topic(node) as leader:
        until(lambda: leader.fetching, bool)
        (port,) = leader.fetching
        found = subprocess.run(["ss", "-Htnm", f"sport = :{port}"], text=True, capture_output=True,
                               check=True).stdout
        return int(re.search(r"\brb(\d+)", found).group(1))


@effect("socket.connection.setup.timeout.ms", {"200": False, "2500": True}, **REACHABLE_CLUSTER)
def whether_a_leader_may_take_two_seconds_to_greet(node):
    with leader_of_a_topic(node, is_dumb=True) as leader:
        attempts = until(lambda: list(leader.attempts), lambda seen: len(seen) > 2)
        return min(attempts) > 2


@effect("socket.connection.setup.timeout.max.ms", {"200": False, "5000": True},
        **REACHABLE_CLUSTER, socket_connection_setup_timeout_ms="200")
def whether_a_leader_may_take_longer_to_greet_at_each_attempt(node):
    with leader_of_a_topic(node, is_dumb=True) as leader:
        attempts = until(lambda: list(leader.attempts), lambda seen: len(seen) > 3)
        return max(attempts) > 1.2


RACK_AWARE = "org.apache.kafka.common.replica.RackAwareReplicaSelector"


@effect("replica.selector.class", {RACK_AWARE: 2, DEFAULT: -1, "": -1, "a.Selector": NO_START},
        **REACHABLE_CLUSTER, broker_rack="here")
def where_a_consumer_of_another_rack_is_sent(node):
    """Broker 2 is in its rack, has all, and is in sync."""
    with contextlib.closing(FakeBroker(node, rack="there")) as follower:
        create(node, [1, 2])
        until(lambda: follower.catch_up(node, "topic"), bool)
        answer = node.fetch(["topic"], RackId="there")
        return answer["Responses"][0]["Partitions"][0]["PreferredReadReplica"]


def whether_what_was_sent_is_forgotten_soon(node):
    """A batch is sent that takes its rate more than an hour; how far back counts is the setting."""
    topic = node.topic()
    throttle(node, topic, AS_LEADER)
    follower = fill_other(node, topic, (b"v" * 500_000,))
    assert not is_sent(follower, node, topic)
    begin = time.monotonic()
    while time.monotonic() - begin < 3:
        if is_sent(follower, node, topic):
            return True
        time.sleep(0.02)
    return False


LOW_RATE = {**REACHABLE_CLUSTER, "leader_replication_throttled_rate": "100"}
effect("replication.quota.window.num", {"1": True, "100": False}, **LOW_RATE)(
    whether_what_was_sent_is_forgotten_soon)
effect("replication.quota.window.size.seconds", {"1": True, "100": False}, **LOW_RATE,
       replication_quota_window_num="1")(whether_what_was_sent_is_forgotten_soon)
