// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "base/bytes.h"
#include "record/compression/decompressor.h"

// One pair for each codec. Private to the room; use Decompressor::open and compress().
namespace odradek::record::compression {

std::unique_ptr<Decompressor> open_gzip(base::ByteView compressed);
std::unique_ptr<Decompressor> open_snappy(base::ByteView compressed);
std::unique_ptr<Decompressor> open_lz4(base::ByteView compressed);
std::unique_ptr<Decompressor> open_zstd(base::ByteView compressed);

std::vector<std::uint8_t> compress_gzip(int level, base::ByteView plain);
std::vector<std::uint8_t> compress_snappy(base::ByteView plain);
std::vector<std::uint8_t> compress_lz4(int level, base::ByteView plain);
std::vector<std::uint8_t> compress_zstd(int level, base::ByteView plain);

}  // namespace odradek::record::compression
