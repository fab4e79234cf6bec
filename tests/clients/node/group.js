// SPDX-License-Identifier: Apache-2.0
// A member of a consumer group: keeps its assignment and hands every record on, by the batch.
'use strict'

class Member {
  constructor(library, kafka, groupId, onRecord, fromBeginning = true) {
    this.library = library
    this.consumer = library.consumer(kafka, groupId, fromBeginning)
    this.fromBeginning = fromBeginning
    this.onRecord = onRecord
    this.assigned = 0
    this.crashed = null
    library.watch(
      this.consumer,
      (count) => {
        this.assigned = count
      },
      (error) => {
        this.crashed = error
      },
    )
  }

  async join(topics) {
    await this.consumer.connect()
    await this.library.subscribe(this.consumer, topics, this.fromBeginning)
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
