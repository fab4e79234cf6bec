// SPDX-License-Identifier: Apache-2.0
//! Clients of the server under test, by rdkafka.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_executor::block_on;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::{ClientConfig, ClientContext};

use crate::checks::{expect, until, Outcome, PATIENCE};

const MOMENT: Duration = Duration::from_millis(100);

/// A record as it goes in (partition -1: the library's choice; timestamp 0: now) and comes out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
    pub timestamp: i64,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

pub struct Cluster {
    bootstrap: String,
    pub admin: AdminClient<DefaultClientContext>,
}

impl Cluster {
    pub fn new(bootstrap: &str) -> Outcome<Cluster> {
        let admin = config(bootstrap).create()?;
        Ok(Cluster { bootstrap: bootstrap.to_string(), admin })
    }

    fn group_config(&self, group: &str) -> ClientConfig {
        let mut settings = config(&self.bootstrap);
        settings
            .set("group.id", group)
            .set("auto.offset.reset", "earliest")
            .set("enable.auto.commit", "false")
            .set("heartbeat.interval.ms", "250");
        settings
    }

    pub fn reader(&self, group: &str) -> Outcome<BaseConsumer> {
        Ok(self.group_config(group).create()?)
    }

    pub fn member(&self, group: &str, topics: &[String]) -> Outcome<Member> {
        let consumer: BaseConsumer<CommitWhenRevoked> =
            self.group_config(group).create_with_context(CommitWhenRevoked)?;
        consumer.subscribe(&topics.iter().map(String::as_str).collect::<Vec<_>>())?;
        Ok(Member { consumer })
    }

    pub fn create(&self, topics: &[String], partitions: i32) -> Outcome {
        let wanted: Vec<_> = topics
            .iter()
            .map(|topic| NewTopic::new(topic, partitions, TopicReplication::Fixed(1)))
            .collect();
        let options = AdminOptions::new();
        for result in block_on(self.admin.create_topics(wanted.iter(), &options))? {
            result.map_err(|(topic, error)| format!("create {topic}: {error}"))?;
        }
        until("the topics are listed", || {
            let listed = self.topics()?;
            Ok(topics.iter().all(|topic| listed.contains(topic)))
        })
    }

    pub fn delete(&self, topic: &str) -> Outcome {
        let options = AdminOptions::new();
        for result in block_on(self.admin.delete_topics(&[topic], &options))? {
            result.map_err(|(topic, error)| format!("delete {topic}: {error}"))?;
        }
        Ok(())
    }

    pub fn topics(&self) -> Outcome<Vec<String>> {
        let metadata = self.admin.inner().fetch_metadata(None, PATIENCE)?;
        Ok(metadata.topics().iter().map(|topic| topic.name().to_string()).collect())
    }

    /// Sends all, idempotently; returns (partition, offset) of each.
    pub fn produce(&self, codec: &str, records: &[Record]) -> Outcome<Vec<(i32, i64)>> {
        let delivered = Arc::new(Mutex::new(vec![None; records.len()]));
        let producer: BaseProducer<Deliveries> = config(&self.bootstrap)
            .set("compression.type", codec)
            .set("linger.ms", "5")
            .set("enable.idempotence", "true")
            .create_with_context(Deliveries(delivered.clone()))?;
        for (index, record) in records.iter().enumerate() {
            let mut out = Some(outgoing(record, index));
            while let Some(next) = out.take() {
                match producer.send(next) {
                    Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                        producer.poll(MOMENT);
                        out = Some(back);
                    }
                    Err((error, _)) => return Err(error.into()),
                    Ok(()) => {}
                }
            }
            producer.poll(Duration::ZERO);
        }
        producer.flush(PATIENCE)?;
        let places = delivered.lock().unwrap();
        places
            .iter()
            .map(|place| place.clone().unwrap_or_else(|| Err("no report".to_string())))
            .map(|place| place.map_err(Into::into))
            .collect()
    }

    /// At least `count` records from the offset on, without a group.
    pub fn read(&self, topic: &str, partition: i32, offset: i64, count: usize) -> Outcome<Vec<Record>> {
        let consumer = self.reader("unused")?;
        let mut from = TopicPartitionList::new();
        from.add_partition_offset(topic, partition, Offset::Offset(offset))?;
        consumer.assign(&from)?;
        let mut found = Vec::new();
        until("the records came", || {
            if let Some(message) = consumer.poll(MOMENT) {
                found.push(incoming(&message?));
            }
            Ok(found.len() >= count)
        })?;
        Ok(found)
    }
}

fn config(bootstrap: &str) -> ClientConfig {
    let mut settings = ClientConfig::new();
    settings.set("bootstrap.servers", bootstrap);
    settings
}

fn outgoing(record: &Record, index: usize) -> BaseRecord<'_, Vec<u8>, Vec<u8>, usize> {
    let mut headers = OwnedHeaders::new();
    for (key, value) in &record.headers {
        headers = headers.insert(Header { key, value: value.as_ref() });
    }
    let mut out = BaseRecord::with_opaque_to(&record.topic, index).headers(headers);
    out.key = record.key.as_ref();
    out.payload = record.value.as_ref();
    out.partition = Some(record.partition).filter(|partition| *partition >= 0);
    out.timestamp = Some(record.timestamp).filter(|timestamp| *timestamp > 0);
    out
}

fn incoming(message: &impl Message) -> Record {
    let headers = message.headers().map_or(Vec::new(), |headers| {
        headers.iter().map(|h| (h.key.to_string(), h.value.map(<[u8]>::to_vec))).collect()
    });
    Record {
        topic: message.topic().to_string(),
        partition: message.partition(),
        offset: message.offset(),
        timestamp: message.timestamp().to_millis().unwrap_or(-1),
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers,
    }
}

type Places = Arc<Mutex<Vec<Option<Result<(i32, i64), String>>>>>;

/// Where each record went, by its index.
struct Deliveries(Places);

impl ClientContext for Deliveries {}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, index: usize) {
        self.0.lock().unwrap()[index] = Some(match result {
            Ok(message) => Ok((message.partition(), message.offset())),
            Err((error, _)) => Err(error.to_string()),
        });
    }
}

/// Commits what was read when partitions are taken away.
pub struct CommitWhenRevoked;

impl ClientContext for CommitWhenRevoked {}

impl ConsumerContext for CommitWhenRevoked {
    fn rebalance(
        &self,
        native_client: &rdkafka::client::NativeClient,
        error: rdkafka_sys::rd_kafka_resp_err_t,
        partitions: &mut TopicPartitionList,
    ) {
        use rdkafka_sys::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS as ASSIGN;
        // SAFETY: the client calls back with itself and a list of its own, which outlive the call.
        unsafe {
            if error == ASSIGN {
                rdkafka_sys::rd_kafka_assign(native_client.ptr(), partitions.ptr());
            } else {
                rdkafka_sys::rd_kafka_commit(native_client.ptr(), std::ptr::null(), 0);
                rdkafka_sys::rd_kafka_assign(native_client.ptr(), std::ptr::null());
            }
        }
    }

    fn post_rebalance<'a>(&self, _: &Rebalance<'a>) {}
}

/// A member of a group that starts at the beginning.
pub struct Member {
    consumer: BaseConsumer<CommitWhenRevoked>,
}

impl Member {
    /// Hands what comes within a moment to `take`, at most `most` records.
    pub fn poll(&self, most: usize, mut take: impl FnMut(Record) -> Outcome) -> Outcome {
        let mut wait = MOMENT;
        for _ in 0..most {
            match self.consumer.poll(wait) {
                Some(message) => take(incoming(&message?))?,
                None => break,
            }
            wait = Duration::from_millis(1);
        }
        Ok(())
    }

    pub fn shares(&self) -> Outcome<usize> {
        Ok(self.consumer.assignment()?.count())
    }

    pub fn commit(&self) -> Outcome {
        nothing_is_fine(self.consumer.commit_consumer_state(CommitMode::Sync))
    }
}

fn nothing_is_fine(result: KafkaResult<()>) -> Outcome {
    match result {
        Err(KafkaError::ConsumerCommit(RDKafkaErrorCode::NoOffset)) => Ok(()),
        other => Ok(other?),
    }
}

/// (state, members, partitions assigned) of a group.
pub fn describe_group(cluster: &Cluster, group: &str) -> Outcome<(String, usize, usize)> {
    let list = cluster.admin.inner().fetch_group_list(Some(group), PATIENCE)?;
    expect(list.groups().len() == 1, || format!("{} groups listed", list.groups().len()))?;
    let found = &list.groups()[0];
    let assigned = found.members().iter().map(|m| assigned(m.assignment().unwrap_or(&[]))).sum();
    Ok((found.state().to_string(), found.members().len(), assigned))
}

/// The number of partitions in an assignment: int16 version, then topics (int16 size, text) each
/// with an array of int32; arrays have an int32 size.
fn assigned(bytes: &[u8]) -> usize {
    let number = |at: usize, size: usize| {
        bytes[at..at + size].iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet))
    };
    if bytes.is_empty() {
        return 0;
    }
    let mut at = 6;
    let mut total = 0;
    for _ in 0..number(2, 4) {
        at += 2 + number(at, 2);
        let count = number(at, 4);
        at += 4 + 4 * count;
        total += count;
    }
    total
}
