// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include <lz4frame.h>

#include "base/assert.h"
#include "record/compression/codecs.h"
#include "record/compression/compress.h"
#include "record/compression/window_lease.h"
#include "record/compression/working_memory.h"

namespace odradek::record::compression {
namespace {

struct FreeDctx {
  void operator()(LZ4F_dctx* context) const { LZ4F_freeDecompressionContext(context); }
};
using DctxPointer = std::unique_ptr<LZ4F_dctx, FreeDctx>;
DctxPointer make_dctx() {
  LZ4F_dctx* context = nullptr;
  ODRADEK_ASSERT(!LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)));
  return DctxPointer(context);
}

constexpr std::uint8_t kFrameMagic[] = {0x04, 0x22, 0x4d, 0x18};
// The flags byte: version 1, independent blocks, no dictionary and no reserved bit. Java's reader
// refuses anything else, so consumers could not read it.
constexpr std::uint8_t kFixedFlags = 0xe3;
constexpr std::uint8_t kFixedFlagsValue = 0x60;

// The frame's greatest block, from its sixth byte: 64 KiB to 4 MiB; the library refuses others.
std::size_t block_size(std::uint8_t descriptor) {
  return std::size_t{1} << (8 + 2 * ((descriptor >> 4) & 7));
}

bool has_known_header(base::ByteView frame) {
  return frame.size() >= sizeof(kFrameMagic) + 2 &&
         std::equal(std::begin(kFrameMagic), std::end(kFrameMagic), frame.begin()) &&
         (frame[4] & kFixedFlags) == kFixedFlagsValue;
}

// One lz4 frame. Blocks of up to 4 MiB need twice as much working memory in the library.
class Lz4Decompressor : public Decompressor {
 public:
  explicit Lz4Decompressor(base::ByteView compressed) : rest_(compressed) {
    LZ4F_resetDecompressionContext(context_.get());
    is_damaged_ = !has_known_header(rest_);
    if (is_damaged_) return;
    const std::size_t working_memory = 2 * block_size(rest_[5]);
    is_kept_ = working_memory <= kSmallWindow;
    lease_.take(working_memory);
  }
  ~Lz4Decompressor() override {
    if (!is_kept_) context_.discard();
  }

  base::Result<base::ByteView> next() override {
    if (is_damaged_) return damaged("the lz4 frame has no header that Kafka's clients read");
    while (!is_done_) {
      std::size_t produced = kChunkSize;
      std::size_t consumed = rest_.size();
      const std::size_t hint = LZ4F_decompress(context_.get(), chunk_.get(), &produced,
                                               rest_.data(), &consumed, nullptr);
      if (LZ4F_isError(hint)) return damaged("the lz4 data is damaged");
      rest_ = rest_.subspan(consumed);
      is_done_ = hint == 0;
      if (produced > 0) return base::ByteView(chunk_.get(), produced);
      if (!is_done_ && consumed == 0) return damaged("the lz4 data ends early");
    }
    if (!rest_.empty()) return damaged("bytes are left after the lz4 frame");
    return base::ByteView();
  }

 private:
  static std::unexpected<base::Error> damaged(const char* what) {
    return base::fail(base::ErrorCode::kCorruptMessage, what);
  }

  // Before the context: it gives its blocks back first.
  WindowLease lease_;
  KeptPerThread<DctxPointer, make_dctx> context_;
  Chunk chunk_;
  base::ByteView rest_;
  bool is_damaged_ = false;
  bool is_kept_ = true;
  bool is_done_ = false;
};

}  // namespace

std::unique_ptr<Decompressor> open_lz4(base::ByteView compressed) {
  return std::make_unique<Lz4Decompressor>(compressed);
}

std::vector<std::uint8_t> compress_lz4(int level, base::ByteView plain) {
  LZ4F_preferences_t preferences;
  std::memset(&preferences, 0, sizeof(preferences));
  preferences.frameInfo.blockSizeID = LZ4F_max64KB;
  preferences.frameInfo.blockMode = LZ4F_blockIndependent;
  // Apache Kafka's default level is the fast compressor, every other one the slow one; 3 is the
  // library's first slow level, 12 its last.
  const bool is_fast = level == default_compression_level(Codec::kLz4);
  preferences.compressionLevel = is_fast ? 0 : std::clamp(level, 3, 12);
  std::vector<std::uint8_t> result(LZ4F_compressFrameBound(plain.size(), &preferences));
  const std::size_t size =
      LZ4F_compressFrame(result.data(), result.size(), plain.data(), plain.size(), &preferences);
  ODRADEK_ASSERT(!LZ4F_isError(size));
  result.resize(size);
  return result;
}

}  // namespace odradek::record::compression
