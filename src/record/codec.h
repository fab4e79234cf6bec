// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace odradek::record {

// How a batch's records are compressed: the three low bits of its attributes.
enum class Codec : std::uint8_t { kNone = 0, kGzip = 1, kSnappy = 2, kLz4 = 3, kZstd = 4 };

// Kafka's name: none, gzip, snappy, lz4, zstd.
std::string_view codec_name(Codec codec);

}  // namespace odradek::record
