# SPDX-License-Identifier: Apache-2.0
"""Settings of the logs' periodic work that are read at the start."""

import time

from effect import DEFAULT, effect
from node import until

MINUTE_MS = 60 * 1000
SOON = {"log_initial_task_delay_ms": 0, "log_retention_check_interval_ms": 50}


def is_kept(node, age_ms):
    """Whether a record of that age is there after a check that deleted an older one."""
    now = int(time.time() * 1000)
    topic, witness = node.topic("a"), node.topic("b")
    node.produce(topic, timestamp=now - age_ms)
    # The check goes by the names.
    node.produce(witness, timestamp=1000)
    until(lambda: node.offset(witness, -2), lambda start: start == 1)
    return node.offset(topic, -2) == 0


@effect("log.retention.hours", {"1": False, "2": True, "-1": True}, **SOON)
def a_record_of_100_minutes_ago_stays_for_hours(node):
    if node.server.settings["log.retention.hours"] == "-1":
        node.produce(node.topic(), timestamp=1000)
        node.producers("topic")
        return node.offset("topic", -2) == 0
    return is_kept(node, 100 * MINUTE_MS)


@effect("log.retention.minutes", {DEFAULT: False, "60": False, "120": True},
        log_retention_hours=1, **SOON)
def a_record_of_100_minutes_ago_stays_for_minutes(node):
    return is_kept(node, 100 * MINUTE_MS)


def goes_soon(node, *needed):
    """Waits where the settings say so, looks once where they don't."""
    node.produce(node.topic(), timestamp=1000)
    for _ in range(2):
        node.produce(node.topic(f"other-{_}"))
    if all(node.server.settings.get(key) for key in needed):
        return until(lambda: node.offset("topic", -2), lambda start: start == 1) == 1
    return node.offset("topic", -2) == 1


@effect("log.retention.check.interval.ms", {DEFAULT: False, "50": True},
        log_initial_task_delay_ms=0)
def an_old_record_goes_with_a_check(node):
    return goes_soon(node, "log.retention.check.interval.ms")


@effect("log.initial.task.delay.ms", {DEFAULT: False, "0": True},
        log_retention_check_interval_ms=50)
def an_old_record_goes_with_the_first_checks(node):
    return goes_soon(node, "log.initial.task.delay.ms")


@effect("producer.id.expiration.check.interval.ms", {DEFAULT: [7], "50": []},
        producer_id_expiration_ms=1, log_initial_task_delay_ms=0)
def producers_that_a_partition_remembers(node):
    node.produce(node.topic(), producer_id=7, producer_epoch=0, base_sequence=0)
    if node.server.settings.get("producer.id.expiration.check.interval.ms") is None:
        return node.producers("topic")
    return until(lambda: node.producers("topic"), lambda ids: not ids)
