// SPDX-License-Identifier: Apache-2.0
//! The machine's package database, out through a group of two; the harness compares the digest
//! printed.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::checks::{check, same, until, Outcome};
use crate::cluster::{Cluster, Record};

type Values = BTreeMap<Vec<u8>, BTreeMap<i64, Vec<u8>>>; // by key, then by offset

pub fn read(cluster: &Cluster, topic: &str, group: &str, count: usize) {
    check("packages.read", || read_all(cluster, topic, group, count));
}

fn read_all(cluster: &Cluster, topic: &str, group: &str, count: usize) -> Outcome {
    let topics = [topic.to_string()];
    let members = [cluster.member(group, &topics)?, cluster.member(group, &topics)?];
    let mut values = Values::new();
    let mut received = 0;
    let mut poll = || -> Outcome<usize> {
        for member in &members {
            member.poll(500, |Record { key, value, offset, .. }| {
                let of_key = values.entry(key.unwrap_or_default()).or_default();
                received += usize::from(of_key.insert(offset, value.unwrap_or_default()).is_none());
                Ok(())
            })?;
        }
        Ok(received)
    };
    until("both members have a share", || {
        poll()?;
        Ok(members[0].shares()? > 0 && members[1].shares()? > 0)
    })?;
    until("all records came", || Ok(poll()? >= count))?;
    same(count, received, "records received")?;
    println!("DIGEST {}", digest(&values));
    Ok(())
}

/// SHA-256 over key length, key, value length, value (lengths: 4 bytes, big-endian), keys in byte
/// order.
fn digest(values: &Values) -> String {
    let mut total = Sha256::new();
    for (key, of_key) in values {
        for value in of_key.values() {
            for part in [key, value] {
                total.update((part.len() as u32).to_be_bytes());
                total.update(part);
            }
        }
    }
    format!("{:x}", total.finalize())
}
