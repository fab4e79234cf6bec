// SPDX-License-Identifier: Apache-2.0
// The two libraries, and where they differ: kafkajs, and Confluent's, which has the calls of
// kafkajs over librdkafka and takes what concerns a producer or consumer where that is made.
'use strict'

const kafkajs = {
  gaps: { null_header: 'the library cannot write one' },

  async connect(bootstrap) {
    const { Kafka, logLevel } = require('kafkajs')
    await require('./codecs').install()
    return new Kafka({
      brokers: [bootstrap],
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 50, retries: 12 },
    })
  },

  producer: (kafka) => kafka.producer({ idempotent: true, maxInFlightRequests: 1 }),

  // What send takes beside topic and messages.
  sending(codec) {
    const { CompressionTypes } = require('kafkajs')
    const types = { none: 'None', gzip: 'GZIP', snappy: 'Snappy', lz4: 'LZ4', zstd: 'ZSTD' }
    return { acks: -1, compression: CompressionTypes[types[codec]] }
  },

  consumer: (kafka, groupId) =>
    kafka.consumer({
      groupId,
      heartbeatInterval: 250,
      rebalanceTimeout: 10_000,
      maxWaitTimeInMs: 200,
    }),

  // Calls back with the number of partitions whenever it changes, and with what ends the consumer.
  watch(consumer, onAssigned, onCrash) {
    const { GROUP_JOIN, CRASH } = consumer.events
    consumer.on(GROUP_JOIN, ({ payload }) =>
      onAssigned(Object.values(payload.memberAssignment).flat().length),
    )
    consumer.on(CRASH, ({ payload }) => onCrash(payload.error))
  },

  subscribe: (consumer, topics, fromBeginning) => consumer.subscribe({ topics, fromBeginning }),
  createTopics: (admin, topics) => admin.createTopics({ topics, waitForLeaders: true }),
  describeGroup: async (admin, group) => (await admin.describeGroups([group])).groups[0],
  describeTopics: async (admin, topics) => (await admin.fetchTopicMetadata({ topics })).topics,
  nodeCount: async (admin) => (await admin.describeCluster()).brokers.length,
}

const confluent = {
  gaps: {
    describe_cluster: 'the library has no call for it',
    null_header: 'the library cannot write one',
    null_or_empty: 'the library gives an empty value out as null, or takes it in so',
  },

  async connect(bootstrap) {
    const { Kafka, logLevel } = require('@confluentinc/kafka-javascript').KafkaJS
    return new Kafka({ kafkaJS: { brokers: [bootstrap], logLevel: logLevel.NOTHING } })
  },

  producer: (kafka, codec = 'none') =>
    kafka.producer({ kafkaJS: { idempotent: true }, 'compression.codec': codec }),

  sending: () => ({}),

  consumer(kafka, groupId, fromBeginning) {
    const settings = { groupId, heartbeatInterval: 250, fromBeginning, maxWaitTimeInMs: 200 }
    return kafka.consumer({ kafkaJS: settings })
  },

  // There are no events: the assignment is asked for.
  watch(consumer, onAssigned) {
    const timer = setInterval(() => {
      try {
        onAssigned(consumer.assignment().length)
      } catch {
        onAssigned(0) // not connected yet, or no longer
      }
    }, 20)
    timer.unref()
  },

  subscribe: (consumer, topics) => consumer.subscribe({ topics }),
  createTopics: (admin, topics) => admin.createTopics({ topics }),
  describeGroup: async (admin, group) => {
    const { groups } = await admin.describeGroups([group])
    return { ...groups[0], state: stateName(groups[0].state) }
  },
  describeTopics: (admin, topics) => admin.fetchTopicMetadata({ topics }),
}

function stateName(state) {
  const { ConsumerGroupStates } = require('@confluentinc/kafka-javascript').KafkaJS
  const name = Object.keys(ConsumerGroupStates).find((key) => ConsumerGroupStates[key] === state)
  return name[0] + name.slice(1).toLowerCase()
}

module.exports = { kafkajs, confluent }
