# SPDX-License-Identifier: Apache-2.0
"""Clients of the server under test."""

from confluent_kafka import Consumer, KafkaException, TopicPartition

RECORDS_POLL_S = 0.1


def consumer(bootstrap, group, **settings):
    """A consumer that commits only when told and starts at the beginning; `_` in a setting's name
    stands for `.`.
    """
    properties = {
        "bootstrap.servers": bootstrap,
        "group.id": group,
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
        "heartbeat.interval.ms": 250,
    }
    properties.update({name.replace("_", "."): value for name, value in settings.items()})
    return Consumer(properties)


def records(member, count=500):
    """Up to `count` records within one poll; an error event is raised."""
    read = member.consume(count, RECORDS_POLL_S)
    for record in read:
        if record.error():
            raise KafkaException(record.error())
    return read


def partitions_of(topic, count):
    return [TopicPartition(topic, partition) for partition in range(count)]


def commit(member):
    """Commits what the member has read; having read nothing since the last time is no error."""
    try:
        member.commit(asynchronous=False)
    except KafkaException as failure:
        if failure.args[0].name() != "_NO_OFFSET":
            raise
