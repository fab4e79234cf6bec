# SPDX-License-Identifier: Apache-2.0
"""The journey that every client makes, and what a client cannot do of it: nothing is left out in
silence.
"""

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
JOURNEY = frozenset(
    {
        "journey.create",
        *(f"journey.produce.{codec}" for codec in CODECS),
        "journey.group_of_two",
        "journey.resume",
        "journey.seek_by_time",
        "journey.describe",
        "journey.limits",
        "journey.delete",
    }
)

# Client → what its library lacks: the name of a check that it does not make, or of a part of one.
# The programme itself says why (`GAP name: why`); docs/clients.md tells the users.
GAPS = {
    "console-2.2": {"headers", "idempotence", "journey.limits", "packages"},
    "aiokafka": {"delete_group"},
    "kafka-python": {"null_header"},
    "kafka-go": {"idempotence", "notice_of_revocation", "null_or_empty"},
    "node": {"null_header"},
    "node-confluent": {"describe_cluster", "null_header", "null_or_empty"},
    "rust": {"delete_group"},
    "kcat": {"journey.create", "journey.delete", "journey.limits"},
}


def check(results, client, checks, gaps):
    """`checks` and `gaps` are the names that the client's programme has reported: each check of the
    journey is one or the other, and the gaps are those listed here.
    """
    listed = GAPS.get(client, set())
    missing = sorted(JOURNEY - checks - gaps)
    if missing:
        results.add(f"{client}: the whole journey", f"neither a check nor a gap: {missing}")
    if gaps != listed:
        results.add(f"{client}: the gaps listed", f"found {sorted(gaps)}, not {sorted(listed)}")
