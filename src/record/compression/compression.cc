// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "base/assert.h"
#include "record/compression/codecs.h"
#include "record/compression/compress.h"
#include "record/compression/decompressor.h"

namespace odradek::record {
namespace {

class PlainDecompressor : public Decompressor {
 public:
  explicit PlainDecompressor(base::ByteView plain) : plain_(plain) {}

  base::Result<base::ByteView> next() override { return std::exchange(plain_, {}); }

 private:
  base::ByteView plain_;
};

}  // namespace

std::unique_ptr<Decompressor> Decompressor::open(Codec codec, base::ByteView compressed) {
  switch (codec) {
    case Codec::kNone:
      return std::make_unique<PlainDecompressor>(compressed);
    case Codec::kGzip:
      return compression::open_gzip(compressed);
    case Codec::kSnappy:
      return compression::open_snappy(compressed);
    case Codec::kLz4:
      return compression::open_lz4(compressed);
    case Codec::kZstd:
      return compression::open_zstd(compressed);
  }
  ODRADEK_ASSERT(!"a codec without a decompressor");
}

int default_compression_level(Codec codec) {
  switch (codec) {
    case Codec::kGzip:
      return -1;
    case Codec::kLz4:
      return 9;
    case Codec::kZstd:
      return 3;
    case Codec::kNone:
    case Codec::kSnappy:
      return 0;
  }
  ODRADEK_ASSERT(!"a codec without a level");
}

std::vector<std::uint8_t> compress(Codec codec, int level, base::ByteView plain) {
  switch (codec) {
    case Codec::kNone:
      return {plain.begin(), plain.end()};
    case Codec::kGzip:
      return compression::compress_gzip(level, plain);
    case Codec::kSnappy:
      return compression::compress_snappy(plain);
    case Codec::kLz4:
      return compression::compress_lz4(level, plain);
    case Codec::kZstd:
      return compression::compress_zstd(level, plain);
  }
  ODRADEK_ASSERT(!"a codec without a compressor");
}

}  // namespace odradek::record
