# SPDX-License-Identifier: Apache-2.0
"""A member of a group that is killed, in a process of its own, and replaced."""

import subprocess
import sys

from checks import check, expect, report, same, until
from driver import Record

PARTITIONS = 4
EACH = 50
SESSION_TIMEOUT_MS = 1500


def run(driver, prefix):
    topic = f"{prefix}-killed"
    check("groups.a killed member is replaced", lambda: replaced(driver, topic))


def be_member(driver, topic):
    """The process that will be killed: reads, says what it has read, and commits it."""
    member = driver.member(topic, [topic], SESSION_TIMEOUT_MS)
    while True:
        read = member.poll()
        for record in read:
            report(f"{record.partition} {record.offset}")
        if read:
            member.commit()


def replaced(driver, topic):
    driver.create_topics([topic], PARTITIONS)
    until("the topic is listed", lambda: topic in driver.topics(), lambda: None)
    stays = driver.member(topic, [topic], SESSION_TIMEOUT_MS)
    read = set()

    def poll():
        read.update((record.partition, record.offset) for record in stays.poll())

    until("the member that stays has all", lambda: len(stays.assignment()) == PARTITIONS, poll)
    command = [sys.executable, *sys.argv[:3], topic, "member"]
    killed = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        until("the other has its share", lambda: len(stays.assignment()) == PARTITIONS // 2, poll)
        records = [Record(topic, i % PARTITIONS, value=b"%d" % i) for i in range(PARTITIONS * EACH)]
        driver.produce(records)
        first = tuple(map(int, killed.stdout.readline().split()))
    finally:
        killed.kill()
    lines = [first, *(tuple(map(int, line.split())) for line in killed.stdout)]
    expect(not read & set(lines), "both members read the same record")
    until("it has all partitions again", lambda: len(stays.assignment()) == PARTITIONS, poll)
    wanted = {(partition, offset) for partition in range(PARTITIONS) for offset in range(EACH)}
    until("every record is read", lambda: len(read | set(lines)) >= len(wanted), poll)
    same(wanted, read | set(lines), "what both have read")
    stays.commit()
    stays.leave()
