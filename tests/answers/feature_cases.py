# SPDX-License-Identifier: Apache-2.0
"""Questions about the levels of the cluster's features; what is changed is changed back."""

import time

from case import case
from transcript import PATIENCE_S

UPGRADE, SAFE, UNSAFE = 1, 2, 3


def levels(talk):
    answer = talk.connection_call("ApiVersions", 4, {"ClientSoftwareName": "answers",
                                                     "ClientSoftwareVersion": "1.0"})
    return {feature["Name"]: feature["MaxVersionLevel"]
            for feature in answer["FinalizedFeatures"]}


def wait_for_level(talk, feature, level):
    """Kafka's brokers hear of a change later than its controller."""
    deadline = time.monotonic() + PATIENCE_S
    while levels(talk).get(feature, 0) != level:
        assert time.monotonic() < deadline, (feature, level)
        time.sleep(0.02)


@case
def update_features(talk):
    def ask(label, *updates, version=2, validate=False):
        fields = {"timeoutMs": 30000, "FeatureUpdates": [
            {"Feature": feature, "MaxVersionLevel": level,
             **({"UpgradeType": kind} if version else {"AllowDowngrade": kind != UPGRADE})}
            for feature, level, kind in updates]}
        if version:
            fields["ValidateOnly"] = validate
        talk.ask(label, "UpdateFeatures", version, fields)

    at_first = levels(talk)
    for version in (0, 1, 2):
        ask(f"the same v{version}", ("group.version", 1, UPGRADE), version=version)
        ask(f"unknown v{version}", ("no.version", 1, UPGRADE), version=version)
        ask(f"a downgrade v{version}", ("group.version", 0, SAFE), version=version)
        wait_for_level(talk, "group.version", 1 if version == 0 else 0)
        ask(f"an upgrade v{version}", ("group.version", 1, UPGRADE), version=version)
        wait_for_level(talk, "group.version", 1)
        ask(f"none v{version}", version=version)
    ask("only validated", ("group.version", 0, SAFE), validate=True)
    ask("only validated, wrong", ("group.version", 9, UPGRADE), validate=True)
    ask("an unsafe downgrade", ("transaction.version", 1, UNSAFE))
    wait_for_level(talk, "transaction.version", 1)
    talk.note("an unsafe downgrade seen", levels(talk))
    ask("two at once", ("transaction.version", 2, UPGRADE), ("share.version", 0, SAFE))
    wait_for_level(talk, "share.version", 0)
    talk.note("two at once seen", levels(talk))
    ask("back again", ("share.version", 1, UPGRADE))
    wait_for_level(talk, "share.version", 1)
    ask("a right and a wrong one", ("group.version", 0, SAFE), ("transaction.version", 9, UPGRADE))
    ask("unknown at 0", ("no.version", 0, SAFE))
    ask("no name", ("", 1, UPGRADE))
    ask("below 0", ("group.version", -1, SAFE))
    ask("above all", ("group.version", 32767, UPGRADE))
    ask("down by an upgrade", ("group.version", 0, UPGRADE))
    ask("up by a downgrade", ("streams.version", 1, SAFE), ("group.version", 0, SAFE),
        ("share.version", 2, SAFE))
    for kind in (0, 4, -1):
        ask(f"upgrade type {kind}", ("group.version", 1, kind))
    ask("metadata down by an upgrade", ("metadata.version", 29, UPGRADE))
    ask("metadata safely down", ("metadata.version", 29, SAFE))
    ask("metadata unsafely down", ("metadata.version", 29, UNSAFE))
    ask("metadata below all", ("metadata.version", 6, SAFE))
    ask("metadata at 0", ("metadata.version", 0, SAFE))
    ask("metadata above all", ("metadata.version", 1000, UPGRADE))
    ask("metadata the same", ("metadata.version", 30, UPGRADE))
    ask("kraft the same", ("kraft.version", 0, UPGRADE))
    ask("kraft above all", ("kraft.version", 9, UPGRADE))
    assert levels(talk) == at_first, levels(talk)
