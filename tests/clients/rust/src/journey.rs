// SPDX-License-Identifier: Apache-2.0
//! What every client does: create, produce in every codec, consume as a group, resume, seek,
//! describe, delete; and records at the limits.

use std::collections::{HashMap, HashSet};
use std::time::{SystemTime, UNIX_EPOCH};

use rdkafka::consumer::Consumer;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::checks::{check, expect, same, until, Outcome, PATIENCE};
use crate::cluster::{describe_group, Cluster, Record};

const CODECS: [&str; 5] = ["none", "gzip", "snappy", "lz4", "zstd"];
const RECORDS: usize = 10_000;
const PARTITIONS: i32 = 2;
const EXTRA: usize = 100;
const LARGE: usize = 900_000; // bytes; a batch may have 1,048,588
const PADDING: &str = " the quick brown fox jumps over the lazy dog the quick brown fox jumps over the lazy dog";

pub struct Journey<'a> {
    cluster: &'a Cluster,
    prefix: String,
    group: String,
    topics: Vec<String>,
    first_timestamp: i64,
}

/// What the group has read: each record's place, so that a second delivery is seen.
#[derive(Default)]
struct Received {
    places: HashSet<(String, i32, i64)>,
    counts: HashMap<(String, i32), i64>,
    last_of_key: HashMap<String, usize>,
}

impl<'a> Journey<'a> {
    pub fn new(cluster: &'a Cluster, prefix: &str) -> Journey<'a> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
        Journey {
            cluster,
            prefix: prefix.to_string(),
            group: format!("{prefix}-group"),
            topics: CODECS.iter().map(|codec| format!("{prefix}.{codec}")).collect(),
            first_timestamp: now - RECORDS as i64,
        }
    }

    pub fn run(&self) {
        println!("GAP delete_group: this version of the crate has no call for it");
        if !check("journey.create", || self.cluster.create(&self.topics, PARTITIONS)) {
            return;
        }
        for codec in CODECS {
            check(&format!("journey.produce.{codec}"), || self.produce(codec));
        }
        check("journey.group_of_two", || self.consume_as_group());
        check("journey.resume", || self.resume());
        check("journey.seek_by_time", || self.seek_by_time());
        check("journey.describe", || self.describe());
        check("journey.limits", || self.records_at_the_limits());
        check("journey.delete", || self.delete());
    }

    fn topic(&self, codec: &str) -> String {
        format!("{}.{codec}", self.prefix)
    }

    fn record(&self, codec: &str, index: usize) -> Record {
        Record {
            topic: self.topic(codec),
            partition: -1,
            timestamp: self.first_timestamp + index as i64,
            key: Some(format!("key-{}", index % 997).into_bytes()),
            value: Some(format!("{codec}:{index}{PADDING}").into_bytes()),
            headers: vec![
                ("index".into(), Some(index.to_string().into_bytes())),
                ("nothing".into(), None),
            ],
            ..Record::default()
        }
    }

    fn produce(&self, codec: &str) -> Outcome {
        let records: Vec<_> = (0..RECORDS).map(|index| self.record(codec, index)).collect();
        let mut next = [0; PARTITIONS as usize];
        for (partition, offset) in self.cluster.produce(codec, &records)? {
            same(next[partition as usize], offset, "the acknowledged offset")?;
            next[partition as usize] += 1;
        }
        expect(next.iter().all(|count| *count > 0), || "a partition got no record".into())
    }

    fn add(&self, received: &mut Received, found: Record) -> Outcome {
        let place = (found.topic.clone(), found.partition, found.offset);
        let index: usize = match &found.headers[0].1 {
            Some(text) => std::str::from_utf8(text)?.parse()?,
            None => return Err(format!("{place:?} has no index").into()),
        };
        let codec = found.topic.rsplit('.').next().unwrap_or_default().to_string();
        let wanted =
            Record { partition: found.partition, offset: found.offset, ..self.record(&codec, index) };
        same(&wanted, &found, "the record")?;
        expect(received.places.insert(place.clone()), || format!("{place:?} came twice"))?;
        let key = format!("{codec}/{}", index % 997);
        let before = received.last_of_key.insert(key, index);
        expect(before.map_or(true, |before| before < index), || format!("{place:?}: order"))?;
        *received.counts.entry((found.topic, found.partition)).or_default() += 1;
        Ok(())
    }

    fn consume_as_group(&self) -> Outcome {
        let mut received = Received::default();
        let sources = CODECS.len() * PARTITIONS as usize;
        let one = self.cluster.member(&self.group, &self.topics)?;
        until("the first member has all partitions and records", || {
            one.poll(200, |record| self.add(&mut received, record))?;
            Ok(one.shares()? == sources && !received.places.is_empty())
        })?;
        let two = self.cluster.member(&self.group, &self.topics)?;
        until("both members have a share", || {
            one.poll(200, |record| self.add(&mut received, record))?;
            two.poll(200, |record| self.add(&mut received, record))?;
            let shares = (one.shares()?, two.shares()?);
            Ok(shares.0 > 0 && shares.1 > 0 && shares.0 + shares.1 == sources)
        })?;
        until("all records came", || {
            one.poll(500, |record| self.add(&mut received, record))?;
            two.poll(500, |record| self.add(&mut received, record))?;
            Ok(received.places.len() >= RECORDS * CODECS.len())
        })?;
        one.commit()?;
        two.commit()?;
        let described = describe_group(self.cluster, &self.group)?;
        same(("Stable".to_string(), 2, sources), described, "the group described")?;
        drop(one);
        drop(two);
        self.compare_committed(&received)
    }

    fn compare_committed(&self, received: &Received) -> Outcome {
        let mut sources = TopicPartitionList::new();
        for (topic, partition) in received.counts.keys() {
            sources.add_partition(topic, *partition);
        }
        let reader = self.cluster.reader(&self.group)?;
        for at in reader.committed_offsets(sources, PATIENCE)?.elements() {
            let count = received.counts[&(at.topic().to_string(), at.partition())];
            same(Offset::Offset(count), at.offset(), "the committed offset")?;
        }
        Ok(())
    }

    fn resume(&self) -> Outcome {
        let values: Vec<_> = (0..EXTRA).map(|i| i.to_string().into_bytes()).collect();
        let records: Vec<_> = values
            .iter()
            .map(|value| Record {
                topic: self.topic("none"),
                value: Some(value.clone()),
                ..Record::default()
            })
            .collect();
        self.cluster.produce("none", &records)?;
        let member = self.cluster.member(&self.group, &self.topics)?;
        let mut read = Vec::new();
        until("the new records came", || {
            member.poll(500, |record| {
                read.extend(record.value);
                Ok(())
            })?;
            Ok(read.len() >= EXTRA)
        })?;
        member.commit()?;
        same(values, read, "what a new member of the group read")
    }

    fn seek_by_time(&self) -> Outcome {
        let wanted = self.first_timestamp + RECORDS as i64 / 2;
        for topic in &self.topics {
            for partition in 0..PARTITIONS {
                let mut times = TopicPartitionList::new();
                times.add_partition_offset(topic, partition, Offset::Offset(wanted))?;
                let found = self.cluster.reader("unused")?.offsets_for_times(times, PATIENCE)?;
                let offset = found.elements()[0].offset().to_raw().unwrap_or(-1);
                expect(offset > 0, || format!("{topic}: offset {offset} for the time"))?;
                let read = self.cluster.read(topic, partition, offset - 1, 2)?;
                expect(read[0].timestamp < wanted, || format!("{topic}: one earlier has it"))?;
                expect(read[1].timestamp >= wanted, || format!("{topic}: older than asked"))?;
            }
        }
        Ok(())
    }

    fn describe(&self) -> Outcome {
        for topic in &self.topics {
            let metadata = self.cluster.admin.inner().fetch_metadata(Some(topic), PATIENCE)?;
            same(1, metadata.brokers().len(), "node count")?;
            let partitions = metadata.topics()[0].partitions();
            same(PARTITIONS as usize, partitions.len(), "partition count")?;
            for partition in partitions {
                let fine = partition.leader() >= 0 && partition.isr().len() == 1;
                expect(fine, || format!("{topic}: leader and in-sync set"))?;
            }
        }
        Ok(())
    }

    /// Null, empty and large keys and values, and headers of the same name.
    fn records_at_the_limits(&self) -> Outcome {
        let topic = format!("{}-limits", self.prefix);
        self.cluster.create(&[topic.clone()], 1)?;
        let bytes = |text: &str| Some(text.as_bytes().to_vec());
        let record = |key, value| Record { topic: topic.clone(), key, value, ..Record::default() };
        let large = (0..LARGE).map(|i| (i * i % 251) as u8).collect();
        let mut wanted = vec![
            record(None, bytes("without key")),
            record(bytes("without value"), None),
            record(bytes(""), bytes("")),
            record(Some(vec![0, 255]), bytes("headers")),
            record(bytes("large"), Some(large)),
        ];
        wanted[3].headers = ["1", "2", ""].iter().map(|v| ("same".into(), bytes(v))).collect();
        for (index, place) in self.cluster.produce("none", &wanted)?.into_iter().enumerate() {
            same((0, index as i64), place, "the place acknowledged")?;
        }
        let found = self.cluster.read(&topic, 0, 0, wanted.len())?;
        for (index, (one, other)) in wanted.iter().zip(&found).enumerate() {
            let equal =
                one.key == other.key && one.value == other.value && one.headers == other.headers;
            expect(equal, || format!("the record at {index} differs"))?;
        }
        Ok(())
    }

    fn delete(&self) -> Outcome {
        let gone = self.topic("none");
        self.cluster.delete(&gone)?;
        until("the topic is not listed", || Ok(!self.cluster.topics()?.contains(&gone)))?;
        let stays = self.cluster.topics()?.contains(&self.topic("zstd"));
        expect(stays, || "another topic vanished".into())
    }
}
