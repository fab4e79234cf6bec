# SPDX-License-Identifier: Apache-2.0
"""What is compacted, as the checkpoint of the cleaner shows it."""

import time

from node import until

# A batch begins a segment of its own, by its time.
COMPACTED = {"cleanup_policy": "compact", "segment_ms": "1000"}
WITNESS = {**COMPACTED, "min_cleanable_dirty_ratio": "0", "min_compaction_lag_ms": "0",
           "delete_retention_ms": "0"}
turns = {}
ends = {}


def fill(node, topic, *batches):
    """Writes the batches, each a list of (key, value), and one more that ends the last one's
    segment. Returns where the segment begins that is written now.
    """
    turn = turns[node, topic] = turns.get((node, topic), -1) + 1
    first = int(time.time() * 1000) - 3_000_000 + turn * 200_000
    end = None
    for number, records in enumerate([*batches, [(b"last", b"")]]):
        answer = node.produce(topic, [value for _, value in records],
                              keys=[key for key, _ in records], timestamp=first + number * 10_000)
        assert answer["ErrorCode"] == 0, answer
        end = answer["BaseOffset"]
    return end


def cleaned_end(node, topic):
    return node.checkpoint("cleaner-offset-checkpoint", topic)


def wait_until_clean(node, topic, end):
    until(lambda: cleaned_end(node, topic), lambda found: found is not None and found >= end)


def witness_is_cleaned(node):
    """Whoever is as dirty as can be was cleaned before it."""
    if not node.segments("witness"):
        node.topic("witness", **WITNESS)
    # The second time it is cleaner than what never was.
    for _ in range(2):
        wait_until_clean(node, "witness", fill(node, "witness", *[[(b"key", b"value")]] * 3))


def is_cleaned_with_witness(node, topic, *batches):
    """Whether any of the batches are cleaned by the time that those of another topic are."""
    before = ends.get((node, topic), 0)
    ends[node, topic] = fill(node, topic, *batches)
    witness_is_cleaned(node)
    return (cleaned_end(node, topic) or 0) > before


def keys_in(node, topic):
    found = b"".join(bytes.fromhex(batch["Records"]) for batch in node.batches(topic))
    return lambda key: key in found
