# SPDX-License-Identifier: Apache-2.0
"""The log cleaner's keys that are changed while the server runs."""

import time

from compacted import (COMPACTED, WITNESS, cleaned_end, fill, is_cleaned_with_witness, keys_in,
                       turns, wait_until_clean)
from live import TOPIC, change as alter_config, of_brokers, of_topics
from node import until

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
SAME_KEY = [[(b"key", b"value")]] * 4


@of_topics("min.cleanable.dirty.ratio", "0.95", True, False, **COMPACTED)
def a_log_is_cleaned_that_is_four_fifths_dirty(node, topic):
    return is_cleaned_with_witness(node, topic, *SAME_KEY)


@of_topics("min.compaction.lag.ms", str(DAY_MS), True, False, **COMPACTED)
def records_of_the_last_hour_are_cleaned(node, topic):
    return is_cleaned_with_witness(node, topic, *SAME_KEY)


@of_topics("max.compaction.lag.ms", "1000", False, True, min_cleanable_dirty_ratio="1",
           **COMPACTED)
def a_log_is_cleaned_because_of_its_age(node, topic):
    return is_cleaned_with_witness(node, topic, *SAME_KEY)


@of_topics("delete.retention.ms", "0", True, False, min_cleanable_dirty_ratio="0", **COMPACTED)
def a_tombstone_is_still_there_after_two_cleanings(node, topic):
    gone = b"gone-%d" % turns.get((node, topic), -1)
    wait_until_clean(node, topic, fill(node, topic, [(gone, None), (b"key", b"value")]))
    wait_until_clean(node, topic, fill(node, topic, *SAME_KEY))
    return keys_in(node, topic)(gone)


def is_cleaned(node, name, batches):
    return is_cleaned_with_witness(node, node.topic(name, **COMPACTED), *batches)


def large(keys):
    """A batch of so many keys, and what ends its segment."""
    return [[(b"%d" % number, b"") for number in range(keys)], [(b"key", b"value")]]


@of_brokers("log.cleaner.dedupe.buffer.size")
def a_batch_has_more_keys_than_the_map(node, change):
    """The least that is allowed takes some 39,000."""
    assert is_cleaned(node, "before", large(45_000))
    change("1048577")
    assert not is_cleaned(node, "small", large(45_000))
    change(None)
    assert is_cleaned(node, "after", large(45_000))


@of_brokers("log.cleaner.io.buffer.load.factor", log_cleaner_dedupe_buffer_size="1048577")
def a_batch_has_more_keys_than_the_map_may_take(node, change):
    assert is_cleaned(node, "before", large(30_000))
    change("0.5")
    assert not is_cleaned(node, "small", large(30_000))
    change(None)
    assert is_cleaned(node, "after", large(30_000))


def many(count, size):
    """Batches that lie in one segment, of keys of their own."""
    return [[(b"%d-%d" % (number, index), b"x" * size) for index in range(4)]
            for number in range(count)]


@of_brokers("log.cleaner.backoff.ms", log_cleaner_backoff_ms=str(HOUR_MS))
def dirty_logs_are_looked_for(node, change):
    node.topic("topic", **COMPACTED)
    end = fill(node, "topic", *SAME_KEY)
    assert cleaned_end(node, "topic") is None
    change("20")
    wait_until_clean(node, "topic", end)
    change(str(HOUR_MS))


def clean_large(node, name, kilobytes):
    """How long the cleaning of so much takes."""
    node.topic(name, **WITNESS)
    began = time.monotonic()
    wait_until_clean(node, name, fill(node, name, *many(kilobytes // 100, 25_000)))
    return time.monotonic() - began


@of_brokers("log.cleaner.io.max.bytes.per.second")
def cleaning_takes_its_time(node, change):
    """Read twice and written once, a megabyte and a half takes three seconds."""
    unbound = clean_large(node, "before", 500)
    change("500000")
    slow = clean_large(node, "slow", 500)
    assert slow > 1.5 and slow > unbound, (slow, unbound)
    change(None)


def reads_while_cleaning(node, name):
    """How many reads of the server it takes to clean a segment of 600 KB in small batches."""
    def reads_so_far():
        with open(f"/proc/{node.pid}/io", encoding="ascii") as file:
            return int(dict(line.split(": ") for line in file)["syscr"])
    node.topic(name, **COMPACTED)
    now = int(time.time() * 1000)
    for records in many(150, 1_000):
        node.produce(name, [value for _, value in records], keys=[key for key, _ in records],
                     timestamp=now - 100_000)
    before = reads_so_far()
    wait_until_clean(node, name, node.produce(name, timestamp=now)["BaseOffset"])
    return reads_so_far() - before


@of_brokers("log.cleaner.io.buffer.size")
def a_log_is_read_in_pieces(node, change):
    assert reads_while_cleaning(node, "before") < 200
    change("8192")
    assert reads_while_cleaning(node, "small") > 200
    change(None)
    assert reads_while_cleaning(node, "after") < 200


@of_brokers("log.cleaner.threads", log_cleaner_io_max_bytes_per_second="100000")
def so_many_logs_are_cleaned_at_once(node, change):
    """A slow cleaning shows by the file that it writes, once it has read the log. The first one
    takes so long that the second has read its log meanwhile."""
    names = [node.topic(name, **{**COMPACTED, "cleanup_policy": "delete"})
             for name in ("long", "short")]
    fill(node, "long", *many(10, 25_000))
    fill(node, "short", *many(1, 25_000))

    def at_work():
        return sum(1 for name in names if any((node.data / f"{name}-0").glob("*.cleaned")))
    alter_config(node, TOPIC, "long", "cleanup.policy", "compact")
    until(at_work, lambda found: found == 1)
    alter_config(node, TOPIC, "short", "cleanup.policy", "compact")
    change("2")
    until(at_work, lambda found: found == 2)
    change("1")
