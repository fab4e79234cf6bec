# SPDX-License-Identifier: Apache-2.0
from case import Case, Native


def features(arguments, **special):
    return Case("kafka-features", arguments, **special)


CASES = [
    features("SERVER describe"),
    features("SERVER describe --node-id 1"),
    features("SERVER describe --node-id -1"),
    features("SERVER upgrade --feature transaction.version"),
    features("SERVER upgrade --feature transaction.version=two"),
    features("SERVER upgrade --feature group.version=1 --feature group.version=1"),
    features("SERVER upgrade"),
    features("SERVER upgrade --release-version 4.3 --feature group.version=1"),
    features("SERVER upgrade --release-version 9.9"),
    features("SERVER disable"),
    features("SERVER"),
    features("SERVER explode"),
    features("describe"),
    features("SERVER describe --unsafe"),
    features("SERVER describe --node-id one"),
    features("version-mapping"),
    features("version-mapping --release-version 3.7"),
    features("version-mapping --release-version 3.7-IV4"),
    features("version-mapping --release-version 4.0.1"),
    features("version-mapping --release-version 4.4-IV0"),
    features("version-mapping --release-version 2.8"),
    features("feature-dependencies --feature metadata.version=25"),
    features("feature-dependencies --feature eligible.leader.replicas.version=1 --feature "
             "group.version=1"),
    features("feature-dependencies --feature group.version=7"),
    features("feature-dependencies --feature metadata.version=99"),
    features("feature-dependencies --feature nope=1"),
    features("feature-dependencies --feature group.version"),
    features("feature-dependencies"),
    features("--bootstrap-server"),
]

NATIVE = [
    Native("features describe", r"^Epoch: \d+\n(?s:.*)metadata.version +4.3-IV0"),
    Native("features version-mapping --release-version 4.0 --output json",
           r'"feature": "transaction.version",\n +"level": 2'),
]

REPLACED = [
    (r"Epoch: \d+", "Epoch: NUMBER"),
    # Of a newer release.
    (r"((?:metadata|share)\.version +SupportedMinVersion: \S+ +SupportedMaxVersion: )\S+ +",
     r"\1NEWEST "),
    (", 4.4-IV1, 4.4-IV2", ""),
]
