# SPDX-License-Identifier: Apache-2.0
from case import Case


def features(arguments, **special):
    return Case("kafka-features", arguments, **special)


CASES = [
    features("SERVER upgrade --feature transaction.version=2 --dry-run"),
    features("SERVER upgrade --feature transaction.version=9"),
    features("SERVER upgrade --feature no.such.feature=1"),
    features("SERVER upgrade --release-version 4.3 --dry-run"),
    features("SERVER upgrade --metadata 4.3 --dry-run"),
    features("SERVER downgrade --feature transaction.version=1 --dry-run"),
    features("SERVER downgrade --feature transaction.version=1"),
    features("SERVER upgrade --feature transaction.version=2"),
    features("SERVER downgrade --metadata 3.9 --unsafe --dry-run"),
    features("SERVER disable --feature share.version --dry-run"),
    features("SERVER disable --feature metadata.version"),
]

# Each server has its newest.
REPLACED = [(r"(metadata\.version\. Local controller 1 only supports versions 7-)\d+", r"\1NEWEST")]
