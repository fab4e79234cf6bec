// SPDX-License-Identifier: Apache-2.0
// The programme of the Node clients: main.js LIBRARY BOOTSTRAP PREFIX COMMAND [ARGUMENT…].
'use strict'

const { report } = require('./checks')
const { Journey } = require('./journey')
const libraries = require('./libraries')
const packages = require('./packages')

async function main([name, bootstrap, prefix, command, ...rest]) {
  const library = libraries[name]
  const kafka = await library.connect(bootstrap)
  if (command === 'journey') await new Journey(library, kafka, prefix).run()
  else if (command === 'package-read')
    await packages.read(library, kafka, rest[0], prefix, Number(rest[1]))
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
