// SPDX-License-Identifier: Apache-2.0
// Named checks, printed one a line as the harness reads them: `PASS name` or `FAIL name: why`.
'use strict'

const PATIENCE_MS = 90_000

const report = (line) => process.stdout.write(line + '\n')

// Runs one check; answers whether it passed.
async function check(name, body) {
  try {
    await body()
  } catch (failure) {
    const where = (failure.stack || '').split('\n').find((line) => line.includes(__dirname)) || ''
    report(`FAIL ${name}: ${failure.message} ${where.trim()}`.replace(/\s+/g, ' '))
    return false
  }
  report(`PASS ${name}`)
  return true
}

function expect(condition, otherwise) {
  if (!condition) throw new Error(otherwise)
}

function same(wanted, found, what) {
  const [a, b] = [wanted, found].map((value) => JSON.stringify(value))
  expect(a === b, `${what} is ${b}, not ${a}`)
}

// Resolves as soon as the condition holds; looks again whenever the event loop has turned for 20
// ms.
async function until(what, condition) {
  const deadline = Date.now() + PATIENCE_MS
  while (!(await condition())) {
    expect(Date.now() < deadline, `after ${PATIENCE_MS / 1000} s still not: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

module.exports = { check, expect, report, same, until }
