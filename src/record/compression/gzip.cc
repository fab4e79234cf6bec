// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <limits>

#include <zlib.h>

#include "base/assert.h"
#include "record/compression/codecs.h"
#include "record/compression/working_memory.h"

namespace odradek::record::compression {
namespace {

// 15 bits of window; 16 asks for gzip's wrapping.
constexpr int kGzipWindowBits = 15 + 16;

struct InflateEnd {
  void operator()(z_stream* stream) const {
    inflateEnd(stream);
    delete stream;
  }
};
using InflatePointer = std::unique_ptr<z_stream, InflateEnd>;

InflatePointer make_inflate() {
  auto stream = std::make_unique<z_stream>();
  std::memset(stream.get(), 0, sizeof(z_stream));
  ODRADEK_ASSERT(inflateInit2(stream.get(), kGzipWindowBits) == Z_OK);
  return InflatePointer(stream.release());
}

base::ByteView clamp(base::ByteView input) {
  return input.first(std::min<std::size_t>(input.size(), std::numeric_limits<uInt>::max()));
}

// gzip members, one after the other, as Java's reader takes them.
class GzipDecompressor : public Decompressor {
 public:
  explicit GzipDecompressor(base::ByteView compressed) : rest_(compressed) {
    ODRADEK_ASSERT(inflateReset(inflate_.get()) == Z_OK);
  }

  base::Result<base::ByteView> next() override {
    while (!done_) {
      const int status = step();
      const std::size_t produced = kChunkSize - inflate_.get()->avail_out;
      if (status == Z_STREAM_END) {
        done_ = rest_.empty();
        if (!done_) inflateReset(inflate_.get());
      } else if (status != Z_OK || (produced == 0 && rest_.empty())) {
        return base::fail(base::ErrorCode::kCorruptMessage,
                          rest_.empty() ? "the gzip data ends early" : "the gzip data is damaged");
      }
      if (produced > 0) return base::ByteView(chunk_.get(), produced);
    }
    return base::ByteView();
  }

 private:
  int step() {
    z_stream* stream = inflate_.get();
    const base::ByteView input = clamp(rest_);
    stream->next_in = const_cast<Bytef*>(input.data());  // zlib does not write to it
    stream->avail_in = static_cast<uInt>(input.size());
    stream->next_out = chunk_.get();
    stream->avail_out = kChunkSize;
    const int status = ::inflate(stream, Z_NO_FLUSH);
    rest_ = rest_.subspan(input.size() - stream->avail_in);
    return status;
  }

  KeptPerThread<InflatePointer, make_inflate> inflate_;
  Chunk chunk_;
  base::ByteView rest_;
  bool done_ = false;
};

// One member as Java writes it: no time, no flags, an unknown system.
class GzipCompressor : public Compressor {
 public:
  GzipCompressor(int level, Output& output) : output_(output) {
    std::memset(&stream_, 0, sizeof(stream_));
    constexpr int kRawWindowBits = -15;
    constexpr int kDefaultMemoryLevel = 8;
    ODRADEK_ASSERT(deflateInit2(&stream_, level, Z_DEFLATED, kRawWindowBits, kDefaultMemoryLevel,
                                Z_DEFAULT_STRATEGY) == Z_OK);
    constexpr std::uint8_t kHeader[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff};
    output_.insert(output_.end(), std::begin(kHeader), std::end(kHeader));
  }
  ~GzipCompressor() override { deflateEnd(&stream_); }
  GzipCompressor(const GzipCompressor&) = delete;
  GzipCompressor& operator=(const GzipCompressor&) = delete;

  void write(base::ByteView plain) override {
    while (!plain.empty()) {
      const base::ByteView input = clamp(plain);
      plain = plain.subspan(input.size());
      crc_ = crc32(crc_, input.data(), static_cast<uInt>(input.size()));
      plain_size_ += static_cast<std::uint32_t>(input.size());
      stream_.next_in = const_cast<Bytef*>(input.data());  // zlib does not write to it
      stream_.avail_in = static_cast<uInt>(input.size());
      while (stream_.avail_in > 0) ODRADEK_ASSERT(step(Z_NO_FLUSH) == Z_OK);
    }
  }

  void finish() override {
    while (step(Z_FINISH) != Z_STREAM_END) {
    }
    put_little_endian(static_cast<std::uint32_t>(crc_));
    put_little_endian(plain_size_);
  }

 private:
  int step(int flush) {
    stream_.next_out = chunk_.get();
    stream_.avail_out = kChunkSize;
    const int status = deflate(&stream_, flush);
    output_.insert(output_.end(), chunk_.get(), chunk_.get() + (kChunkSize - stream_.avail_out));
    return status;
  }

  void put_little_endian(std::uint32_t number) {
    for (int shift = 0; shift < 32; shift += 8) {
      output_.push_back(static_cast<std::uint8_t>(number >> shift));
    }
  }

  Output& output_;
  Chunk chunk_;
  z_stream stream_;
  uLong crc_ = 0;
  std::uint32_t plain_size_ = 0;
};

}  // namespace

std::unique_ptr<Decompressor> open_gzip(base::ByteView compressed) {
  return std::make_unique<GzipDecompressor>(compressed);
}

std::unique_ptr<Compressor> make_gzip(int level, Output& output) {
  return std::make_unique<GzipCompressor>(level, output);
}

}  // namespace odradek::record::compression
