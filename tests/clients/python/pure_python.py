# SPDX-License-Identifier: Apache-2.0
"""kafka-python."""

import driver
from checks import expect, until
from kafka import ConsumerRebalanceListener, KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka import TopicPartition

POLL_MS = 1000  # version 3.0 can lose a rebalance in which a poll runs out of time


class Driver(driver.Driver):
    GAPS = {"null_header": "KafkaProducer.send takes no header without a value"}

    def __init__(self, bootstrap):
        super().__init__(bootstrap)
        self.admin = KafkaAdminClient(bootstrap_servers=bootstrap)

    def close(self):
        self.admin.close()

    def create_topics(self, names, partitions, configs=None):
        self.admin.create_topics(
            {
                name: {
                    "num_partitions": partitions,
                    "replication_factor": 1,
                    "configs": configs or {},
                }
                for name in names
            }
        )

    def delete_topics(self, names):
        self.admin.delete_topics(names)

    def topics(self):
        return set(self.admin.list_topics())

    def describe_topics(self, names):
        return {
            topic["name"]: [(p["leader_id"], len(p["isr_nodes"])) for p in topic["partitions"]]
            for topic in self.admin.describe_topics(names)
        }

    def node_count(self):
        return len(self.admin.describe_cluster()["brokers"])

    def produce(self, records, codec="none"):
        producer = KafkaProducer(
            bootstrap_servers=self.bootstrap,
            compression_type=None if codec == "none" else codec,
            linger_ms=5,
            enable_idempotence=True,
        )
        futures = [
            producer.send(
                record.topic,
                key=record.key,
                value=record.value,
                headers=list(record.headers),
                partition=record.partition,
                timestamp_ms=record.timestamp,
            )
            for record in records
        ]
        producer.flush(90)
        delivered = [future.get(timeout=90) for future in futures]
        producer.close()
        return [(metadata.partition, metadata.offset) for metadata in delivered]

    def consumer(self, group=None, **more):
        return KafkaConsumer(
            bootstrap_servers=self.bootstrap,
            group_id=group,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            heartbeat_interval_ms=250,
            **more,
        )

    def member(self, group, topics, session_timeout_ms=None):
        more = {"session_timeout_ms": session_timeout_ms} if session_timeout_ms else {}
        return Member(self.consumer(group, **more), topics)

    def committed(self, group, sources):
        found = self.admin.list_group_offsets({group: [TopicPartition(*s) for s in sources]})
        return {(p.topic, p.partition): at.offset for p, at in found[group].items()}

    def describe_group(self, group):
        found = self.admin.describe_groups([group])[group]
        expect(found["error"] is None, f"describe_groups: {found['error']}")
        assigned = sum(
            len(topic["partitions"])
            for member in found["members"]
            for topic in member["member_assignment"]["assigned_partitions"]
        )
        return found["group_state"], len(found["members"]), assigned

    def groups(self):
        return {group["group_id"] for group in self.admin.list_groups()}

    def delete_group(self, group):
        self.admin.delete_groups([group])

    def offset_for_time(self, source, timestamp):
        reader = self.consumer()
        wanted = TopicPartition(*source)
        found = reader.offsets_for_times({wanted: timestamp})[wanted]
        reader.close()
        return found.offset

    def read(self, source, offset, count):
        reader = self.consumer()
        reader.assign([TopicPartition(*source)])
        reader.seek(TopicPartition(*source), offset)
        read = []
        until(
            f"{count} records came",
            lambda: len(read) >= count,
            lambda: read.extend(poll(reader, count)),
        )
        reader.close()
        return read


class Member(driver.Member, ConsumerRebalanceListener):
    def __init__(self, consumer, topics):
        """Looks the topics up first: a leader that joins before it knows their partitions hands out
        none, and version 3.0 does not notice when they come to be known. Only a group without
        group.initial.rebalance.delay.ms is that fast.
        """
        self.consumer = consumer
        for topic in topics:
            consumer.partitions_for_topic(topic)
        consumer.subscribe(topics, listener=self)

    def on_partitions_revoked(self, revoked):
        """May not wait. The request goes before JoinGroup on the same connection."""
        self.consumer.commit_async()

    def on_partitions_assigned(self, assigned):
        pass

    def poll(self, count=500):
        return poll(self.consumer, count)

    def assignment(self):
        return {(p.topic, p.partition) for p in self.consumer.assignment()}

    def commit(self):
        self.consumer.commit()

    def leave(self):
        self.consumer.close()


def poll(consumer, count):
    return [
        driver.Record(m.topic, m.partition, m.offset, m.timestamp, m.key, m.value, tuple(m.headers))
        for messages in consumer.poll(POLL_MS, max_records=count).values()
        for m in messages
    ]
