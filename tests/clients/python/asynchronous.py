# SPDX-License-Identifier: Apache-2.0
"""aiokafka. Its event loop runs in a thread of its own, so that members go on while the programme
looks elsewhere.
"""

import asyncio
import threading

import driver
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.protocol.group import MemberAssignment
from checks import expect, until

POLL_MS = 100
CALL_S = 90


class Driver(driver.Driver):
    GAPS = {"delete_group": "AIOKafkaAdminClient has no call for it"}

    def __init__(self, bootstrap):
        super().__init__(bootstrap)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.admin = self.wait(self.started(AIOKafkaAdminClient, bootstrap_servers=bootstrap))

    def wait(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(CALL_S)

    @staticmethod
    async def started(kind, **settings):
        """aiokafka's objects must be made inside the loop."""
        made = kind(**settings)
        await made.start()
        return made

    def close(self):
        self.wait(self.admin.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    def create_topics(self, names, partitions, configs=None):
        wanted = [NewTopic(name, partitions, 1, topic_configs=configs) for name in names]
        reply = self.wait(self.admin.create_topics(wanted))
        problems = [error for error in reply.topic_errors if error[1] != 0]
        expect(not problems, f"create_topics: {problems}")

    def delete_topics(self, names):
        reply = self.wait(self.admin.delete_topics(names))
        problems = [error for error in reply.topic_error_codes if error[1] != 0]
        expect(not problems, f"delete_topics: {problems}")

    def topics(self):
        return set(self.wait(self.admin.list_topics()))

    def describe_topics(self, names):
        return {
            topic["topic"]: [(p["leader"], len(p["isr"])) for p in topic["partitions"]]
            for topic in self.wait(self.admin.describe_topics(names))
        }

    def node_count(self):
        return len(self.wait(self.admin.describe_cluster())["brokers"])

    def produce(self, records, codec="none"):
        return self.wait(self.produce_all(records, codec))

    async def produce_all(self, records, codec):
        producer = await self.started(
            AIOKafkaProducer,
            bootstrap_servers=self.bootstrap,
            compression_type=None if codec == "none" else codec,
            linger_ms=5,
            enable_idempotence=True,
        )
        futures = [
            await producer.send(
                record.topic,
                key=record.key,
                value=record.value,
                partition=record.partition,
                timestamp_ms=record.timestamp,
                headers=list(record.headers),
            )
            for record in records
        ]
        delivered = [await future for future in futures]
        await producer.stop()
        return [(metadata.partition, metadata.offset) for metadata in delivered]

    def consumer(self, group=None, **more):
        return self.wait(
            self.started(
                AIOKafkaConsumer,
                bootstrap_servers=self.bootstrap,
                group_id=group,
                auto_offset_reset="earliest",
                enable_auto_commit=False,
                heartbeat_interval_ms=250,
                **more,
            )
        )

    def member(self, group, topics, session_timeout_ms=None):
        more = {"session_timeout_ms": session_timeout_ms} if session_timeout_ms else {}
        return Member(self, self.consumer(group, **more), topics)

    def committed(self, group, sources):
        wanted = [TopicPartition(*source) for source in sources]
        found = self.wait(self.admin.list_consumer_group_offsets(group, partitions=wanted))
        return {(p.topic, p.partition): at.offset for p, at in found.items()}

    def describe_group(self, group):
        (reply,) = self.wait(self.admin.describe_consumer_groups([group]))
        error, _, state, _, _, members, *_ = reply.groups[0]
        expect(error == 0, f"describe_consumer_groups: error {error}")
        assignments = [MemberAssignment.decode(member[-1]).assignment for member in members]
        assigned = sum(len(found) for each in assignments for _, found in each)
        return state, len(members), assigned

    def groups(self):
        return {name for name, *_ in self.wait(self.admin.list_consumer_groups())}

    def offset_for_time(self, source, timestamp):
        reader = self.consumer()
        wanted = TopicPartition(*source)
        found = self.wait(reader.offsets_for_times({wanted: timestamp}))[wanted]
        self.wait(reader.stop())
        return found.offset

    def read(self, source, offset, count):
        reader = self.consumer()
        self.wait(self.assigned(reader, TopicPartition(*source), offset))
        read = []
        until(
            f"{count} records came",
            lambda: len(read) >= count,
            lambda: read.extend(self.wait(poll(reader, count))),
        )
        self.wait(reader.stop())
        return read

    @staticmethod
    async def assigned(reader, source, offset):
        reader.assign([source])
        reader.seek(source, offset)


class Member(driver.Member, ConsumerRebalanceListener):
    def __init__(self, client, consumer, topics):
        self.client = client
        self.consumer = consumer
        client.loop.call_soon_threadsafe(lambda: consumer.subscribe(topics, listener=self))

    async def on_partitions_revoked(self, revoked):
        if revoked:
            await self.consumer.commit()

    async def on_partitions_assigned(self, assigned):
        pass

    def poll(self, count=500):
        return self.client.wait(poll(self.consumer, count))

    def assignment(self):
        return {(p.topic, p.partition) for p in self.consumer.assignment()}

    def commit(self):
        self.client.wait(self.consumer.commit())

    def leave(self):
        self.client.wait(self.consumer.stop())


async def poll(consumer, count):
    fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=count)
    return [
        driver.Record(m.topic, m.partition, m.offset, m.timestamp, m.key, m.value, tuple(m.headers))
        for messages in fetched.values()
        for m in messages
    ]
