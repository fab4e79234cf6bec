// SPDX-License-Identifier: Apache-2.0
// The programme of kafkajs: main.js BOOTSTRAP PREFIX COMMAND [ARGUMENT…].
'use strict'

const { Kafka, logLevel } = require('kafkajs')
const { report } = require('./checks')
const codecs = require('./codecs')
const { Journey } = require('./journey')
const packages = require('./packages')

async function main([bootstrap, prefix, command, ...rest]) {
  await codecs.install()
  const kafka = new Kafka({
    brokers: [bootstrap],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 50, retries: 12 },
  })
  if (command === 'journey') await new Journey(kafka, prefix).run()
  else if (command === 'package-read') await packages.read(kafka, rest[0], prefix, Number(rest[1]))
  else throw new Error(`unknown command ${command}`)
  report('END')
}

main(process.argv.slice(2)).then(
  () => process.exit(0),
  (failure) => {
    process.stderr.write(`${failure.stack}\n`)
    process.exit(1)
  },
)
