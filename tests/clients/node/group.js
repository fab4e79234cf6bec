// SPDX-License-Identifier: Apache-2.0
// A member of a consumer group: keeps its assignment and hands every record on, by the batch.
'use strict'

class Member {
  constructor(kafka, groupId, onRecord) {
    this.consumer = kafka.consumer({
      groupId,
      heartbeatInterval: 250,
      rebalanceTimeout: 10_000,
      maxWaitTimeInMs: 200,
    })
    this.onRecord = onRecord
    this.assigned = 0
    this.crashed = null
    const { GROUP_JOIN, CRASH } = this.consumer.events
    this.consumer.on(GROUP_JOIN, ({ payload }) => {
      this.assigned = Object.values(payload.memberAssignment).reduce(
        (sum, list) => sum + list.length,
        0,
      )
    })
    this.consumer.on(CRASH, ({ payload }) => {
      this.crashed = payload.error
    })
  }

  async join(topics, { fromBeginning = true } = {}) {
    await this.consumer.connect()
    await this.consumer.subscribe({ topics, fromBeginning })
    await this.consumer.run({
      eachBatchAutoResolve: false,
      eachBatch: async ({
        batch,
        resolveOffset,
        heartbeat,
        commitOffsetsIfNecessary,
        isRunning,
        isStale,
      }) => {
        for (const message of batch.messages) {
          if (!isRunning() || isStale()) break
          this.onRecord(batch.topic, batch.partition, message)
          resolveOffset(message.offset)
        }
        await commitOffsetsIfNecessary()
        await heartbeat()
      },
    })
  }

  async leave() {
    await this.consumer.disconnect()
    if (this.crashed) throw this.crashed
  }
}

module.exports = { Member }
