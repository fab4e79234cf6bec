# SPDX-License-Identifier: Apache-2.0
"""A member of a group that is killed, in a process of its own, and replaced."""

import subprocess
import sys

from checks import check, expect, report, same, until
from cluster import commit, consumer, records
from confluent_kafka import Producer
from confluent_kafka.admin import NewTopic

PARTITIONS = 4
EACH = 50
SESSION_TIMEOUT_MS = 1500


def run(bootstrap, admin, prefix):
    topic = f"{prefix}-killed"
    check("groups.a killed member is replaced", lambda: replaced(bootstrap, admin, topic))


def be_member(bootstrap, topic):
    """The process that will be killed: reads, says what it has read, and commits it."""
    member = consumer(bootstrap, topic, session_timeout_ms=SESSION_TIMEOUT_MS)
    member.subscribe([topic])
    while True:
        for record in records(member):
            report(f"{record.partition()} {record.offset()}")
            member.commit(record, asynchronous=False)


def replaced(bootstrap, admin, topic):
    admin.create_topics([NewTopic(topic, PARTITIONS, 1)])[topic].result()
    until(
        "the topic is listed", lambda: topic in admin.list_topics(timeout=30).topics, lambda: None
    )
    stays = consumer(bootstrap, topic, session_timeout_ms=SESSION_TIMEOUT_MS)
    stays.subscribe([topic])
    read = set()

    def poll():
        read.update((record.partition(), record.offset()) for record in records(stays))

    until("the member that stays has all", lambda: len(stays.assignment()) == PARTITIONS, poll)
    command = [sys.executable, sys.argv[0], bootstrap, topic, "member"]
    killed = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        until("the other has its share", lambda: len(stays.assignment()) == PARTITIONS // 2, poll)
        produce(bootstrap, topic)
        first = tuple(map(int, killed.stdout.readline().split()))
    finally:
        killed.kill()
    lines = [first, *(tuple(map(int, line.split())) for line in killed.stdout)]
    expect(not read & set(lines), "both members read the same record")
    until("it has all partitions again", lambda: len(stays.assignment()) == PARTITIONS, poll)
    wanted = {(partition, offset) for partition in range(PARTITIONS) for offset in range(EACH)}
    until("every record is read", lambda: len(read | set(lines)) >= len(wanted), poll)
    same(wanted, read | set(lines), "what both have read")
    expect(len(read & set(lines)) <= 1, "records that were committed came again")
    commit(stays)
    stays.close()


def produce(bootstrap, topic):
    producer = Producer({"bootstrap.servers": bootstrap})
    for partition in range(PARTITIONS):
        for value in range(EACH):
            producer.produce(topic, value=str(value), partition=partition)
    same(0, producer.flush(90), "records left after flush")
