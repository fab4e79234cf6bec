# SPDX-License-Identifier: Apache-2.0
"""What is flushed, as the checkpoint of recovery points shows it."""

from node import until


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
    return flushed_end(node, topic) == ends[topic]
