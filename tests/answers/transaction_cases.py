# SPDX-License-Identifier: Apache-2.0
"""Questions about transactions, asked of a node that has none."""

import time

from case import case
from transcript import PATIENCE_S


def find_transaction_coordinator(talk, version, keys):
    """Kafka creates the transactions' topic first, and has clients ask again."""
    deadline = time.monotonic() + PATIENCE_S
    asked = {"KeyType": 1, **({"CoordinatorKeys": keys} if version >= 4 else {"Key": keys[0]})}
    while True:
        answer = talk.connection_call("FindCoordinator", version, asked)
        found = answer["Coordinators"] if version >= 4 else [answer]
        if not any(coordinator["ErrorCode"] for coordinator in found):
            return answer
        assert time.monotonic() < deadline, answer
        time.sleep(0.05)


@case
def transactions(talk):
    for version in (1, 3, 4, 5, 6):
        talk.note(f"the coordinator v{version}",
                  find_transaction_coordinator(talk, version, ["a"]))
    talk.note("several coordinators", find_transaction_coordinator(talk, 6, ["a", "b", ""]))

    deadline = time.monotonic() + PATIENCE_S
    while talk.connection_call("DescribeTransactions", 0, {"TransactionalIds": ["a"]})[
            "TransactionStates"][0]["ErrorCode"] in (14, 15, 16):  # the topic is being loaded
        assert time.monotonic() < deadline
        time.sleep(0.05)
    talk.ask("describe", "DescribeTransactions", 0, {"TransactionalIds": ["a", "b", "a"]})
    talk.ask("describe no name", "DescribeTransactions", 0, {"TransactionalIds": [""]})
    talk.ask("describe none", "DescribeTransactions", 0, {"TransactionalIds": []})

    for version in (0, 1, 2):
        talk.ask(f"list v{version}", "ListTransactions", version, {})
        talk.ask(f"list filtered v{version}", "ListTransactions", version, {
            "StateFilters": ["Ongoing", "ongoing", "Dead", "PrepareEpochFence"],
            "ProducerIdFilters": [1, -1]})
    talk.ask("list slow ones", "ListTransactions", 2, {"DurationFilter": 1000})
    for pattern in ("", "a.*", "[", "(?i)a", None):
        talk.ask(f"list {pattern}", "ListTransactions", 2, {"TransactionalIdPattern": pattern})
