# SPDX-License-Identifier: Apache-2.0
"""confluent-kafka (librdkafka)."""

import driver
from checks import expect, same, until
from confluent_kafka import Consumer, KafkaException, Producer, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

POLL_S = 0.1


class Driver(driver.Driver):
    def __init__(self, bootstrap):
        super().__init__(bootstrap)
        self.admin = AdminClient({"bootstrap.servers": bootstrap})

    def create_topics(self, names, partitions, configs=None):
        wanted = [NewTopic(name, partitions, 1, config=configs or {}) for name in names]
        for future in self.admin.create_topics(wanted).values():
            future.result()

    def delete_topics(self, names):
        for future in self.admin.delete_topics(names).values():
            future.result()

    def topics(self):
        return set(self.admin.list_topics(timeout=30).topics)

    def describe_topics(self, names):
        described = self.admin.describe_topics(TopicCollection(names))
        return {
            name: [(p.leader.id, len(p.isr)) for p in future.result().partitions]
            for name, future in described.items()
        }

    def node_count(self):
        return len(self.admin.describe_cluster().result().nodes)

    def produce(self, records, codec="none"):
        delivered = [None] * len(records)
        producer = Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "compression.type": codec,
                "linger.ms": 5,
                "enable.idempotence": True,
            }
        )

        def remember(index):
            def on_delivery(error, message):
                delivered[index] = error or (message.partition(), message.offset())

            return on_delivery

        for index, record in enumerate(records):
            place = {} if record.partition is None else {"partition": record.partition}
            producer.produce(
                record.topic,
                key=record.key,
                value=record.value,
                headers=list(record.headers),
                timestamp=record.timestamp or 0,
                on_delivery=remember(index),
                **place,
            )
            producer.poll(0)
        same(0, producer.flush(90), "records left after flush")
        problems = [item for item in delivered if not isinstance(item, tuple)]
        expect(not problems, f"delivery: {problems[:1]}")
        return delivered

    def member(self, group, topics, session_timeout_ms=None):
        more = {"session.timeout.ms": session_timeout_ms} if session_timeout_ms else {}
        return Member(self.consumer(group, **more), topics)

    def consumer(self, group, **more):
        return Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": group,
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                "heartbeat.interval.ms": 250,
                **more,
            }
        )

    def committed(self, group, sources):
        reader = self.consumer(group)
        found = reader.committed([TopicPartition(*source) for source in sources], timeout=30)
        reader.close()
        return {(p.topic, p.partition): p.offset for p in found}

    def describe_group(self, group):
        found = self.admin.describe_consumer_groups([group])[group].result()
        assigned = sum(len(m.assignment.topic_partitions) for m in found.members)
        return found.state.name.capitalize(), len(found.members), assigned

    def groups(self):
        return {group.group_id for group in self.admin.list_consumer_groups().result().valid}

    def delete_group(self, group):
        self.admin.delete_consumer_groups([group])[group].result()

    def offset_for_time(self, source, timestamp):
        reader = self.consumer("unused")
        found = reader.offsets_for_times([TopicPartition(*source, timestamp)], timeout=30)[0]
        reader.close()
        return found.offset

    def read(self, source, offset, count):
        reader = self.consumer("unused", **{"fetch.message.max.bytes": 4 << 20})
        reader.assign([TopicPartition(*source, offset)])
        read = []
        until(
            f"{count} records came",
            lambda: len(read) >= count,
            lambda: read.extend(poll(reader, count)),
        )
        reader.close()
        return read


class Member(driver.Member):
    def __init__(self, consumer, topics):
        self.consumer = consumer
        consumer.subscribe(topics, on_revoke=lambda *_: self.commit())

    def poll(self, count=500):
        return poll(self.consumer, count)

    def assignment(self):
        return {(p.topic, p.partition) for p in self.consumer.assignment()}

    def commit(self):
        try:
            self.consumer.commit(asynchronous=False)
        except KafkaException as failure:
            if failure.args[0].name() != "_NO_OFFSET":
                raise

    def leave(self):
        self.consumer.close()


def poll(consumer, count):
    read = []
    for message in consumer.consume(count, POLL_S):
        if message.error():
            raise KafkaException(message.error())
        read.append(
            driver.Record(
                message.topic(),
                message.partition(),
                message.offset(),
                message.timestamp()[1],
                message.key(),
                message.value(),
                tuple(message.headers() or ()),
            )
        )
    return read
