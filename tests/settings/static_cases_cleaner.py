# SPDX-License-Identifier: Apache-2.0
"""The log cleaner's key that is read when the server starts."""

from compacted import COMPACTED, cleaned_end, fill
from effect import effect
from flushed import flushed_end
from node import until


@effect("log.cleaner.enable", {"true": True, "false": False}, log_cleaner_backoff_ms=10,
        log_flush_offset_checkpoint_interval_ms=3000)
def a_dirty_log_is_cleaned_within_seconds(node):
    """As many as another checkpoint takes that is written in any case."""
    node.topic("topic", **COMPACTED)
    end = fill(node, "topic", *[[(b"key", b"value")]] * 3)
    until(lambda: flushed_end(node, "topic"), lambda found: found == end + 1)
    return (cleaned_end(node, "topic") or 0) > 0
