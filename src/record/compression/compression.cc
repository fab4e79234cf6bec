// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "base/assert.h"
#include "record/compression/codecs.h"
#include "record/compression/compress.h"
#include "record/compression/compressor.h"
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

class PlainCompressor : public Compressor {
 public:
  explicit PlainCompressor(std::vector<std::uint8_t>& output) : output_(output) {}

  void write(base::ByteView plain) override {
    output_.insert(output_.end(), plain.begin(), plain.end());
  }
  void finish() override {}

 private:
  std::vector<std::uint8_t>& output_;
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

std::unique_ptr<Compressor> Compressor::open(Codec codec, int level,
                                             std::vector<std::uint8_t>& output) {
  switch (codec) {
    case Codec::kNone:
      return std::make_unique<PlainCompressor>(output);
    case Codec::kGzip:
      return compression::make_gzip(level, output);
    case Codec::kSnappy:
      return compression::make_snappy(output);
    case Codec::kLz4:
      return compression::make_lz4(level, output);
    case Codec::kZstd:
      return compression::make_zstd(level, output);
  }
  ODRADEK_ASSERT(!"a codec without a compressor");
}

std::vector<std::uint8_t> compress(Codec codec, int level, base::ByteView plain) {
  std::vector<std::uint8_t> output;
  const auto compressor = Compressor::open(codec, level, output);
  compressor->write(plain);
  compressor->finish();
  return output;
}

}  // namespace odradek::record
