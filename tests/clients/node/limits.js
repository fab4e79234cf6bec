// SPDX-License-Identifier: Apache-2.0
// Null, empty and large keys and values, and headers of the same name.
'use strict'

const { expect, same, until } = require('./checks')
const { Member } = require('./group')

const LARGE = 900_000 // bytes; a batch may have 1,048,588

function messages() {
  const large = Buffer.from(Array.from({ length: LARGE }, (_, i) => Number((i * i) % 251)))
  const headers = { same: ['1', '2'], empty: '' }
  return [
    { key: null, value: 'without key' },
    { key: 'without value', value: null },
    { key: '', value: '' },
    { key: Buffer.from([0, 255]), value: 'headers', headers },
    { key: 'large', value: large },
  ].map((message) => ({ partition: 0, ...message }))
}

const bytes = (value) => (value === null ? null : Buffer.from(value))
const equal = (one, other) => (one === null || other === null ? one === other : one.equals(other))
const emptyAsNull = (value) => (value?.length === 0 ? null : value)

// Also the name of the group that reads it.
async function limits(library, kafka, admin, topic) {
  await library.createTopics(admin, [{ topic, numPartitions: 1, replicationFactor: 1 }])
  const wanted = messages()
  const producer = library.producer(kafka)
  await producer.connect()
  for (const message of wanted) await producer.send({ topic, messages: [{ ...message }] })
  await producer.disconnect()
  const found = []
  const member = new Member(library, kafka, topic, (_, partition, message) => found.push(message))
  await member.join([topic])
  await until(`${wanted.length} records came`, () => found.length >= wanted.length)
  await member.leave()
  wanted.forEach(({ key, value, headers }, offset) => {
    expect(equal(bytes(key), found[offset].key), `offset ${offset}: the key differs`)
    const [sent, read] = [bytes(value), found[offset].value].map(
      library.gaps.null_or_empty ? emptyAsNull : (part) => part,
    )
    expect(equal(sent, read), `offset ${offset}: the value differs`)
    same(text(headers), text(found[offset].headers), `offset ${offset}: the headers`)
  })
}

const text = (headers) =>
  Object.entries(headers || {})
    .map(([name, values]) => `${name}=${[values].flat().map(String).join(',')}`)
    .join(' ')

module.exports = { limits }
