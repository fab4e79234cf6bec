// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "record/codec.h"

namespace odradek::record {

// Apache Kafka's default (compression.<codec>.level): gzip -1, lz4 9, zstd 3; 0 for the others.
int default_compression_level(Codec codec);

// `plain` as a batch of `codec` carries it: gzip; snappy in xerial's framing, blocks of 32 KiB; an
// lz4 frame of independent 64 KiB blocks; one zstd frame. REQUIRES: a level that the codec has
// (gzip -1 or 1 to 9, lz4 1 to 17, zstd -131072 to 22).
std::vector<std::uint8_t> compress(Codec codec, int level, base::ByteView plain);

}  // namespace odradek::record
