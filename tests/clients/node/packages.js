// SPDX-License-Identifier: Apache-2.0
// The machine's package database, out through a group of two; the harness compares the digest
// printed.
'use strict'

const { createHash } = require('crypto')
const { check, report, same, until } = require('./checks')
const { Member } = require('./group')

async function read(library, kafka, topic, group, count) {
  await check('packages.read', async () => {
    const values = new Map() // by key, then by offset: a place that comes twice overwrites itself
    let received = 0
    const add = (_, partition, { key, value, offset }) => {
      const name = key.toString('latin1')
      if (!values.has(name)) values.set(name, new Map())
      if (!values.get(name).has(offset)) received++
      values.get(name).set(offset, value)
    }
    const members = [0, 1].map(() => new Member(library, kafka, group, add))
    await Promise.all(members.map((member) => member.join([topic])))
    await until('both members have a share', () => members.every((member) => member.assigned > 0))
    await until(`${count} records came`, () => received >= count)
    for (const member of members) await member.leave()
    same(count, received, 'records received')
    report(`DIGEST ${digest(values)}`)
  })
}

// SHA-256 over key length, key, value length, value (lengths: 4 bytes, big-endian), keys in byte
// order.
function digest(values) {
  const total = createHash('sha256')
  const length = Buffer.alloc(4)
  for (const name of [...values.keys()].sort()) {
    for (const offset of [...values.get(name).keys()].sort((a, b) => a - b)) {
      for (const part of [Buffer.from(name, 'latin1'), values.get(name).get(offset)]) {
        length.writeUInt32BE(part.length)
        total.update(length).update(part)
      }
    }
  }
  return total.digest('hex')
}

module.exports = { read }
