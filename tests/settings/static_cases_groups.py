# SPDX-License-Identifier: Apache-2.0
"""Settings of groups and of their topic that are read when the server starts."""

import select
import time

from effect import DEFAULT, effect
from node import until

NONE, GROUP_MAX_SIZE_REACHED, INVALID_SESSION_TIMEOUT, OFFSET_METADATA_TOO_LARGE = 0, 81, 26, 12
TOPIC = 2
PATIENCE_S = 2
FOUR_DAYS_MS = 4 * 24 * 3600 * 1000


@effect("group.initial.rebalance.delay.ms", {"0": "Stable", "3600000": "PreparingRebalance"})
def state_of_a_group_whose_first_member_has_joined(node):
    node.coordinated(lambda: (0, None))
    node.call("FindCoordinator", 3, {"Key": "group", "KeyType": 0})
    joining = node.connect()
    request = {"GroupId": "group", "SessionTimeoutMs": 10000, "RebalanceTimeoutMs": 3600000,
               "ProtocolType": "consumer",
               "Protocols": [{"Name": "range", "Metadata": b"\0\0\0\0\0\0\0\0\0\0"}]}
    until(lambda: node.call("ListGroups", 4, {})["ErrorCode"], lambda code: code == 0)
    joining.send("JoinGroup", 3, request)

    # Who joins a group that waits for more members is not answered.
    select.select([joining.socket], [], [], PATIENCE_S)

    def state():
        groups = node.call("DescribeGroups", 4, {"Groups": ["group"]})["Groups"]
        return "Stable" if groups[0]["GroupState"] == "CompletingRebalance" else groups[0][
            "GroupState"]
    return until(state, lambda found: found not in ("Dead", "Empty", ""))


@effect("group.min.session.timeout.ms", {DEFAULT: INVALID_SESSION_TIMEOUT, "5999": NONE},
        group_initial_rebalance_delay_ms=0)
def joining_with_a_session_of_5999_ms(node):
    return node.join(session_ms=5999)["ErrorCode"]


@effect("group.max.session.timeout.ms", {DEFAULT: INVALID_SESSION_TIMEOUT, "1800001": NONE},
        group_initial_rebalance_delay_ms=0)
def joining_with_a_session_of_1800001_ms(node):
    return node.join(session_ms=1800001)["ErrorCode"]


@effect("group.max.size", {"1": GROUP_MAX_SIZE_REACHED, "2": NONE},
        group_initial_rebalance_delay_ms=0)
def a_second_member(node):
    first = node.join()
    assert first["ErrorCode"] == NONE, first
    connection = node.connect()
    connection.send("JoinGroup", 3, {
        "GroupId": "group", "SessionTimeoutMs": 10000, "RebalanceTimeoutMs": 10000,
        "ProtocolType": "consumer",
        "Protocols": [{"Name": "range", "Metadata": b"\0\0\0\0\0\0\0\0\0\0"}]})
    if node.server.settings["group.max.size"] == "2":
        # The rebalance that the second begins ends when the first has joined again.
        until(lambda: len(node.call("DescribeGroups", 4, {"Groups": ["group"]})["Groups"][0][
            "Members"]), lambda members: members == 2)
        node.join(member=first["MemberId"])
    return connection.receive("JoinGroup", 3)["ErrorCode"]


@effect("offset.metadata.max.bytes", {"4": OFFSET_METADATA_TOO_LARGE, "5": NONE})
def committing_five_bytes_of_metadata(node):
    return node.commit(node.topic(), metadata="12345")


def old_offset_stays(node):
    """Commits as of four days ago, and whether the server forgets it soon."""
    topic, witness = node.topic(), node.topic("witness")
    assert node.commit(topic, version=1, CommitTimestamp=int(time.time() * 1000)
                       - FOUR_DAYS_MS) == NONE
    # Goes at the next check whatever the retention is, so that one check can be waited for.
    assert node.commit(witness, version=1, CommitTimestamp=1000) == NONE
    until(lambda: node.committed(witness), lambda offset: offset == -1)
    return node.committed(topic) == 0


@effect("offsets.retention.minutes", {DEFAULT: True, "60": False},
        offsets_retention_check_interval_ms=50)
def an_offset_of_four_days_ago_stays(node):
    return old_offset_stays(node)


@effect("offsets.retention.check.interval.ms", {DEFAULT: True, "50": False})
def an_offset_that_is_over_is_still_there_after_two_other_commits(node):
    topic = node.topic()
    assert node.commit(topic, version=1, CommitTimestamp=1000) == NONE
    if node.server.settings.get("offsets.retention.check.interval.ms") is None:
        for _ in range(2):
            assert node.commit(node.topic(f"other-{_}")) == NONE
        return node.committed(topic) == 0
    return until(lambda: node.committed(topic), lambda offset: offset == -1) == 0


@effect("offsets.topic.num.partitions", {DEFAULT: 50, "3": 3})
def partitions_of_the_groups_topic(node):
    node.commit(node.topic())
    return len(node.metadata(["__consumer_offsets"])["Topics"][0]["Partitions"])


@effect("offsets.topic.segment.bytes", {DEFAULT: "104857600", "1048576": "1048576"})
def segments_of_the_groups_topic(node):
    node.commit(node.topic())
    return node.described(TOPIC, "__consumer_offsets", "segment.bytes")
