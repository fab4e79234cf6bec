#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Changes each honoured setting that Kafka lets be changed while a broker runs, and observes the
difference in the running server. Usage: dynamic_test.py --server build/release/odradek [KEY…]"""

import argparse
import contextlib
import sys
import tomllib

import dynamic_cases_broker  # noqa: F401
import dynamic_cases_cleaner  # noqa: F401
import dynamic_cases_moves  # noqa: F401
import dynamic_cases_replication  # noqa: F401
import dynamic_cases_topics  # noqa: F401
from codec import Closed
from live import BROKER, CASES, TOPIC, TopicCase
from node import ROOT, running

# What is flushed is seen soon, and nothing is flushed that is not asked for.
SETTINGS = {"log.flush.offset.checkpoint.interval.ms": "50", "log.unflushed.max.ms": "3600000",
            "log.cleaner.backoff.ms": "20"}
# With eligible leader replicas (KIP-966) one number holds for the whole cluster.
NOT_FOR_ONE_BROKER = {"min.insync.replicas"}
# Not of the table: loggers, and a listener's own values of keys that are there.
BESIDE_THE_TABLE = {"loggers", "listener.name.plaintext.max.connections",
                    "listener.name.plaintext.max.connection.creation.rate"}
OF_ONE_BROKER = {"cordoned.log.dirs"}


def rows():
    for path in sorted((ROOT / "schema/settings").glob("*.toml")):
        table = tomllib.loads(path.read_text())
        for key, row in table["settings"].items():
            yield row.get("scope", table["scope"]), key, row


def honoured():
    """The keys to be tested, and each topic's key's broker key."""
    topics, brokers = {}, set()
    for scope, key, row in rows():
        if scope == "topic":
            topics[key] = (row.get("from") or [None])[0]
    live = {key for scope, key, row in rows()
            if scope == "broker" and row.get("live", "read-only") != "read-only"}
    for scope, key, row in rows():
        if row["status"] == "honoured" and scope == "topic":
            brokers.add(("topic", key))
        if row["status"] == "honoured" and scope == "broker" and key in live:
            brokers.add(("broker", key))
    return brokers, {key: broker for key, broker in topics.items() if broker in live}


def scopes(case, broker_keys):
    """Where the case's key is set: (kind, resource, key)."""
    if not isinstance(case, TopicCase):
        is_alone = case.key in BESIDE_THE_TABLE | OF_ONE_BROKER
        return [(BROKER, "1", case.key), (BROKER, "", case.key)][:1 if is_alone else 2]
    found = [(TOPIC, "changed", case.key)]
    if case.key in broker_keys:
        found.append((BROKER, "", broker_keys[case.key]))
        if case.key not in NOT_FOR_ONE_BROKER:
            found.append((BROKER, "1", broker_keys[case.key]))
    return found


def failure_of(case, scope, binary):
    with running(binary, {**SETTINGS, **case.settings}) as node:
        try:
            case.run(node, scope)
        except (AssertionError, Closed, OSError) as failure:
            return f"{type(failure).__name__}: {failure}"
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    parser.add_argument("keys", nargs="*")
    options = parser.parse_args()
    wanted, broker_keys = honoured()
    covered = {("topic" if isinstance(case, TopicCase) else "broker", case.key) for case in CASES}
    covered |= {("broker", broker_keys[key]) for scope, key in covered
                if scope == "topic" and key in broker_keys}
    failures = [f"{key} of a {scope} is honoured, and nothing shows it"
                for scope, key in sorted(wanted - covered)]
    for case in CASES:
        if options.keys and case.key not in options.keys:
            continue
        for scope in scopes(case, broker_keys):
            failure = failure_of(case, scope, options.server)
            where = {TOPIC: "topic", BROKER: "broker" if scope[1] else "all brokers"}[scope[0]]
            name = f"{where}: {scope[2]}: {case.observe.__name__}"
            print("not ok" if failure else "ok", name, flush=True)
            failures += [f"{name}\n    {failure}"] if failure else []
    for failure in failures:
        print(failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
