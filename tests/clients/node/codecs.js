// SPDX-License-Identifier: Apache-2.0
// kafkajs brings gzip and leaves the other codecs to be plugged in; these plug packages in.
'use strict'

const { CompressionCodecs, CompressionTypes } = require('kafkajs')
const lz4 = require('lz4-napi')
const snappy = require('snappyjs')
const zstd = require('@bokuweb/zstd-wasm')

// The framing of snappy-java: this header (magic, version 1, compatible with 1), then blocks of
// 4-byte length and bytes.
const SNAPPY_HEADER = Buffer.from('82534e4150505900' + '00000001' + '00000001', 'hex')
const SNAPPY_BLOCK = 32 * 1024

function compressSnappy(plain) {
  const parts = [SNAPPY_HEADER]
  for (let at = 0; at < plain.length; at += SNAPPY_BLOCK) {
    const block = Buffer.from(snappy.compress(plain.subarray(at, at + SNAPPY_BLOCK)))
    const length = Buffer.alloc(4)
    length.writeInt32BE(block.length)
    parts.push(length, block)
  }
  return Buffer.concat(parts)
}

function decompressSnappy(packed) {
  if (!packed.subarray(0, 8).equals(SNAPPY_HEADER.subarray(0, 8)))
    return Buffer.from(snappy.uncompress(packed))
  const parts = []
  for (let at = SNAPPY_HEADER.length; at < packed.length;) {
    const end = at + 4 + packed.readInt32BE(at)
    parts.push(Buffer.from(snappy.uncompress(packed.subarray(at + 4, end))))
    at = end
  }
  return Buffer.concat(parts)
}

const codec = (compress, decompress) => () => ({
  compress: async (encoder) => compress(encoder.buffer),
  decompress: async (buffer) => decompress(buffer),
})

async function install() {
  await zstd.init()
  CompressionCodecs[CompressionTypes.Snappy] = codec(compressSnappy, decompressSnappy)
  CompressionCodecs[CompressionTypes.LZ4] = codec(lz4.compressFrameSync, lz4.decompressFrameSync)
  CompressionCodecs[CompressionTypes.ZSTD] = codec(
    (b) => Buffer.from(zstd.compress(b, 3)),
    (b) => Buffer.from(zstd.decompress(b)),
  )
}

module.exports = { install }
