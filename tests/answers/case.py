# SPDX-License-Identifier: Apache-2.0
"""What cases are made of. A case is a function that asks a server through a Transcript; it has
topics of its own.
"""

T0 = 1_700_000_000_000
UNKNOWN_ID = "11111111-2222-3333-4444-555555555555"
CASES = []


def case(function):
    CASES.append(function)
    return function


def create(talk, name, partitions=1, **configs):
    """A topic, ready to be used; returns its id."""
    answer = talk.connection_call("CreateTopics", 7, {"Topics": [
        {"Name": name, "NumPartitions": partitions, "ReplicationFactor": 1,
         "Configs": [{"Name": key.replace("_", "."), "Value": value}
                     for key, value in configs.items()]}], "timeoutMs": 30000})
    assert answer["Topics"][0]["ErrorCode"] == 0, answer
    talk.wait_until_led(name, partitions)
    return answer["Topics"][0]["TopicId"]
