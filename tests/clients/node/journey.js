// SPDX-License-Identifier: Apache-2.0
// What every client does: create, produce in every codec, consume as a group, resume, seek,
// describe, delete.
'use strict'

const { check, expect, report, same, until } = require('./checks')
const { Member } = require('./group')
const { limits } = require('./limits')

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
const RECORDS = 10_000
const PARTITIONS = 2
const EXTRA = 100
const SEND_AT_ONCE = 500
const SEEK_AGAIN_MS = 2000
const PADDING = ' the quick brown fox jumps over the lazy dog'.repeat(2)

// What the group has read, by place: kafkajs may hand the same place out twice around a rebalance,
// never differently.
class Received {
  constructor(firstTimestamp) {
    this.firstTimestamp = firstTimestamp
    this.places = new Map()
    this.problem = null
  }

  add(topic, partition, message) {
    const codec = topic.split('.').pop()
    const index = Number(message.headers.index.toString())
    const place = `${topic}-${partition}@${message.offset}`
    try {
      same(`${codec}:${index}${PADDING}`, message.value.toString(), `${place}: the value`)
      same(`key-${index % 997}`, message.key.toString(), `${place}: the key`)
      same(String(this.firstTimestamp + index), message.timestamp, `${place}: the timestamp`)
      const before = this.places.get(place)
      expect(before === undefined || before.index === index, `${place}: two different records`)
    } catch (failure) {
      this.problem ||= failure
    }
    this.places.set(place, {
      codec,
      source: `${topic}-${partition}`,
      offset: Number(message.offset),
      index,
    })
  }

  // By codec the set of indices; checks order within a key on the way.
  indices() {
    const lastOfKey = new Map()
    const indices = new Map(CODECS.map((codec) => [codec, new Set()]))
    for (const { codec, index } of [...this.places.values()].sort((a, b) => a.offset - b.offset)) {
      const key = `${codec}/${index % 997}`
      expect((lastOfKey.get(key) ?? -1) < index, `${key}: ${index} after ${lastOfKey.get(key)}`)
      lastOfKey.set(key, index)
      indices.get(codec).add(index)
    }
    return indices
  }
}

class Journey {
  constructor(library, kafka, prefix) {
    this.library = library
    this.kafka = kafka
    this.admin = kafka.admin()
    this.groupId = `${prefix}-group`
    this.topics = Object.fromEntries(
      CODECS.map((codec) => [codec, `${prefix}.${codec}`]),
    )
    this.firstTimestamp = Date.now() - RECORDS
  }

  async run() {
    for (const [gap, why] of Object.entries(this.library.gaps)) report(`GAP ${gap}: ${why}`)
    await this.admin.connect()
    if (!(await check('journey.create', () => this.create()))) return
    for (const codec of CODECS)
      await check(`journey.produce.${codec}`, () => this.produce(codec))
    await check('journey.group_of_two', () => this.consumeAsGroup())
    await check('journey.resume', () => this.resume())
    await check('journey.seek_by_time', () => this.seekByTime())
    await check('journey.describe', () => this.describe())
    const topic = `${this.groupId}-limits`
    await check('journey.limits', () => limits(this.library, this.kafka, this.admin, topic))
    await check('journey.delete', () => this.delete())
    await this.admin.disconnect()
  }

  async create() {
    const topics = Object.values(this.topics).map((topic) => ({
      topic,
      numPartitions: PARTITIONS,
      replicationFactor: 1,
    }))
    expect(
      await this.library.createTopics(this.admin, topics),
      'createTopics found a topic there already',
    )
    const listed = await this.admin.listTopics()
    for (const { topic } of topics) expect(listed.includes(topic), `listTopics lacks ${topic}`)
  }

  async produce(codec) {
    const producer = this.library.producer(this.kafka, codec)
    await producer.connect()
    const nextOffset = Array(PARTITIONS).fill(0)
    for (let from = 0; from < RECORDS; from += SEND_AT_ONCE) {
      const messages = Array.from({ length: SEND_AT_ONCE }, (_, i) => this.message(codec, from + i))
      const replies = await producer.send({
        topic: this.topics[codec],
        ...this.library.sending(codec),
        messages,
      })
      for (const { partition, baseOffset } of replies) {
        expect(
          Number(baseOffset) >= nextOffset[partition],
          `partition ${partition}: offset ${baseOffset} again`,
        )
        nextOffset[partition] = Number(baseOffset) + 1
      }
    }
    await producer.disconnect()
    const ends = await this.admin.fetchTopicOffsets(this.topics[codec])
    same(
      RECORDS,
      ends.reduce((sum, { offset }) => sum + Number(offset), 0),
      'records by end offsets',
    )
  }

  message(codec, index) {
    return {
      key: `key-${index % 997}`,
      value: `${codec}:${index}${PADDING}`,
      headers: { index: String(index) },
      timestamp: String(this.firstTimestamp + index),
    }
  }

  async consumeAsGroup() {
    const received = new Received(this.firstTimestamp)
    const sources = CODECS.length * PARTITIONS
    const members = [0, 1].map(
      () => this.member((...record) => received.add(...record)),
    )
    const topics = Object.values(this.topics)
    await members[0].join(topics)
    await until(
      'the first member has all partitions and records',
      () => members[0].assigned === sources && received.places.size,
    )
    await members[1].join(topics)
    await until(
      'both members have a share',
      () =>
        members[0].assigned > 0 &&
        members[1].assigned > 0 &&
        members[0].assigned + members[1].assigned === sources,
    )
    await until(
      'all records came',
      () => received.problem || received.places.size >= RECORDS * CODECS.length,
    )
    if (received.problem) throw received.problem
    await this.describeGroup(2)
    for (const member of members) await member.leave()
    for (const [codec, indices] of received.indices())
      same(RECORDS, indices.size, `${codec} records`)
    await this.compareCommitted()
  }

  member(onRecord) {
    return new Member(this.library, this.kafka, this.groupId, onRecord)
  }

  async describeGroup(members) {
    const group = await this.library.describeGroup(this.admin, this.groupId)
    same('Stable', group.state, "the group's state")
    same(members, group.members.length, "the group's member count")
  }

  async compareCommitted() {
    const committed = await this.admin.fetchOffsets({
      groupId: this.groupId,
      topics: Object.values(this.topics),
    })
    for (const { topic, partitions } of committed) {
      const ends = new Map(
        (await this.admin.fetchTopicOffsets(topic)).map((end) => [end.partition, end.offset]),
      )
      for (const { partition, offset } of partitions)
        same(ends.get(partition), offset, `${topic}-${partition} committed`)
    }
  }

  async resume() {
    const values = Array.from({ length: EXTRA }, (_, i) => String(i))
    const producer = this.library.producer(this.kafka)
    await producer.connect()
    await producer.send({
      topic: this.topics.none,
      messages: values.map((value) => ({ value, partition: 0 })),
    })
    await producer.disconnect()
    const read = []
    const member = new Member(this.library, this.kafka, this.groupId, (topic, partition, message) =>
      read.push(message.value.toString()),
    )
    await member.join(Object.values(this.topics))
    await until('the new records came', () => read.length >= EXTRA)
    await member.leave()
    same(values, read, 'what a new member of the group read')
  }

  // A member that starts at the end, and so reads nothing, seeks to just before what was found.
  async seekByTime() {
    const wanted = this.firstTimestamp + RECORDS / 2
    const topics = Object.values(this.topics)
    const read = new Map()
    const add = (topic, partition, message) =>
      read.get(`${topic}-${partition}`)?.push(Number(message.timestamp))
    const member = new Member(this.library, this.kafka, `${this.groupId}-seek`, add, false)
    await member.join(topics)
    await until('it has joined', () => member.assigned === topics.length * PARTITIONS)
    const seeks = []
    for (const topic of topics) {
      for (const { partition, offset } of await this.admin.fetchTopicOffsetsByTimestamp(
        topic,
        wanted,
      )) {
        read.set(`${topic}-${partition}`, [])
        seeks.push({ topic, partition, offset: String(Number(offset) - 1) })
      }
    }
    for (const seek of seeks) member.consumer.seek(seek)
    const again = setInterval(() => this.seekAgain(member, seeks, read), SEEK_AGAIN_MS)
    await until('two records of each partition came', () =>
      [...read.values()].every((times) => times.length >= 2),
    ).finally(() => clearInterval(again))
    await member.leave()
    for (const [source, [first, second]] of read) {
      expect(first < wanted, `${source}: an earlier record has the time already`)
      expect(second >= wanted, `${source}: the record found is older than asked`)
    }
  }

  // Confluent's library can lose the seek of a partition that it has only just begun to fetch.
  seekAgain(member, seeks, read) {
    for (const seek of seeks)
      if (read.get(`${seek.topic}-${seek.partition}`).length === 0) member.consumer.seek(seek)
  }

  async describe() {
    const topics = await this.library.describeTopics(this.admin, Object.values(this.topics))
    for (const { name, partitions } of topics) {
      same(PARTITIONS, partitions.length, `${name}: partition count`)
      for (const { leader, isr } of partitions)
        expect(leader >= 0 && isr.length === 1, `${name}: leader and in-sync set`)
    }
    if (!this.library.gaps.describe_cluster)
      same(1, await this.library.nodeCount(this.admin), 'node count')
  }

  async delete() {
    const gone = this.topics.none
    await this.admin.deleteTopics({ topics: [gone] })
    await until(
      'the topic is not listed',
      async () => !(await this.admin.listTopics()).includes(gone),
    )
    expect((await this.admin.listTopics()).includes(this.topics.zstd), 'another topic vanished')
    await this.admin.deleteGroups([this.groupId])
    const { groups } = await this.admin.listGroups()
    expect(!groups.some(({ groupId }) => groupId === this.groupId), 'the deleted group is listed')
  }
}

module.exports = { Journey }
