// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "base/bytes.h"
#include "record/compression/compressor.h"
#include "record/compression/decompressor.h"

// One pair for each codec. Private to the room; use Decompressor::open and Compressor::open.
namespace odradek::record::compression {

std::unique_ptr<Decompressor> open_gzip(base::ByteView compressed);
std::unique_ptr<Decompressor> open_snappy(base::ByteView compressed);
std::unique_ptr<Decompressor> open_lz4(base::ByteView compressed);
std::unique_ptr<Decompressor> open_zstd(base::ByteView compressed);

using Output = std::vector<std::uint8_t>;
std::unique_ptr<Compressor> make_gzip(int level, Output& output);
std::unique_ptr<Compressor> make_snappy(Output& output);
std::unique_ptr<Compressor> make_lz4(int level, Output& output);
std::unique_ptr<Compressor> make_zstd(int level, Output& output);

}  // namespace odradek::record::compression
