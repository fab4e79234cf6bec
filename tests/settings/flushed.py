# SPDX-License-Identifier: Apache-2.0
"""What is flushed, as the checkpoint of recovery points shows it."""

import time

from node import until

EPOCHS_S = 2.5


def flushed_end(node, topic):
    return node.checkpoint("recovery-point-offset-checkpoint", topic)


def is_flushed_with_witness(node, topic):
    """Whether the recovery point has moved with an acknowledged record by the time that another
    topic's has, whose acknowledgement waits for the flush.
    """
    if not node.segments("witness"):
        node.topic("witness", write_caching="false")
    ends = {}
    for name in (topic, "witness"):
        ends[name] = node.produce(name)["BaseOffset"] + 1
    until(lambda: flushed_end(node, "witness"), lambda offset: offset == ends["witness"])
    # The recovery point waits for a new topic's leader epochs, which are written within a second.
    deadline = time.monotonic() + EPOCHS_S
    while flushed_end(node, topic) != ends[topic] and time.monotonic() < deadline:
        time.sleep(0.02)
    return flushed_end(node, topic) == ends[topic]
