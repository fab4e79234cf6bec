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

}  // namespace

std::unique_ptr<Decompressor> open_gzip(base::ByteView compressed) {
  return std::make_unique<GzipDecompressor>(compressed);
}

std::vector<std::uint8_t> compress_gzip(int level, base::ByteView plain) {
  z_stream stream;
  std::memset(&stream, 0, sizeof(stream));
  constexpr int kDefaultMemoryLevel = 8;
  ODRADEK_ASSERT(deflateInit2(&stream, level, Z_DEFLATED, kGzipWindowBits, kDefaultMemoryLevel,
                              Z_DEFAULT_STRATEGY) == Z_OK);
  ODRADEK_ASSERT(plain.size() <= std::numeric_limits<uInt>::max());
  std::vector<std::uint8_t> result(deflateBound(&stream, plain.size()));
  stream.next_in = const_cast<Bytef*>(plain.data());  // zlib does not write to it
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = result.data();
  stream.avail_out = static_cast<uInt>(result.size());
  ODRADEK_ASSERT(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

}  // namespace odradek::record::compression
