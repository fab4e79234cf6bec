// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <zstd.h>

#include "base/assert.h"
#include "record/compression/codecs.h"
#include "record/compression/window_lease.h"
#include "record/compression/working_memory.h"

namespace odradek::record::compression {
namespace {

struct FreeDCtx {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};
using DCtxPointer = std::unique_ptr<ZSTD_DCtx, FreeDCtx>;
// zstd's own limit on windows, 2^27, is kMaxWindowSize.
DCtxPointer make_dctx() { return DCtxPointer(ZSTD_createDCtx()); }

// A thread keeps a context with the window of the usual levels (2 MiB for 3), not a larger one.
constexpr std::size_t kKeptContextSize = 3 * 1024 * 1024;

// The first bytes of a frame, little-endian. The library also reads the formats before 1.0, which
// no Kafka client writes; skippable frames have sixteen magic numbers.
constexpr std::uint32_t kMagic = 0xfd2fb528;
constexpr std::uint32_t kSkippableMagic = 0x184d2a50;
constexpr std::size_t kMagicSize = 4;

std::uint32_t magic_of(base::ByteView frame) {
  if (frame.size() < kMagicSize) return 0;
  return std::uint32_t{frame[0]} | std::uint32_t{frame[1]} << 8 | std::uint32_t{frame[2]} << 16 |
         std::uint32_t{frame[3]} << 24;
}

// The window of the frame at the front of `input` (RFC 8878, 3.1.1.1); 0 where there is no whole
// frame header.
std::uint64_t window_size(base::ByteView input) {
  constexpr std::size_t kDescriptor = kMagicSize;
  if (input.size() < kDescriptor + 2) return 0;
  const bool is_single_segment = (input[kDescriptor] & 0x20) != 0;
  if (is_single_segment) {
    const unsigned long long size = ZSTD_getFrameContentSize(input.data(), input.size());
    return size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN ? 0 : size;
  }
  const std::uint8_t window = input[kDescriptor + 1];
  const std::uint64_t power = std::uint64_t{1} << (10 + (window >> 3));
  return power + power / 8 * (window & 7);
}

// zstd frames, one after the other, as Java's reader takes them.
class ZstdDecompressor : public Decompressor {
 public:
  explicit ZstdDecompressor(base::ByteView compressed) : rest_(compressed) {
    ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only);
  }
  ~ZstdDecompressor() override {
    if (ZSTD_sizeof_DCtx(context_.get()) > kKeptContextSize) context_.discard();
  }

  base::Result<base::ByteView> next() override {
    while (true) {
      if (at_frame_start_) {
        if (rest_.empty() && has_frame_) return base::ByteView();
        if (auto started = start_frame(); !started) return base::fail(std::move(started));
      }
      ZSTD_inBuffer input = {rest_.data(), rest_.size(), 0};
      ZSTD_outBuffer output = {chunk_.get(), kChunkSize, 0};
      const std::size_t hint = ZSTD_decompressStream(context_.get(), &output, &input);
      rest_ = rest_.subspan(input.pos);
      if (ZSTD_isError(hint)) return damaged("the zstd data is damaged");
      at_frame_start_ = hint == 0;
      if (output.pos > 0) return base::ByteView(chunk_.get(), output.pos);
      if (!at_frame_start_ && rest_.empty()) return damaged("the zstd data ends early");
    }
  }

 private:
  static std::unexpected<base::Error> damaged(const char* what) {
    return base::fail(base::ErrorCode::kCorruptMessage, what);
  }

  base::Result<> start_frame() {
    const std::uint32_t magic = magic_of(rest_);
    const bool is_skippable = (magic & ~0xfU) == kSkippableMagic;
    if (magic != kMagic && !is_skippable) return damaged("the data has no zstd frame");
    const std::uint64_t window = is_skippable ? 0 : window_size(rest_);
    if (window > kMaxWindowSize) return damaged("the zstd window is larger than 128 MiB");
    // One lease at a time: the last frame's goes back first, and the memory it stood for.
    if (lease_.is_held()) context_.renew();
    lease_.take(window);
    at_frame_start_ = false;
    has_frame_ = true;
    return {};
  }

  // Before the context: it gives its window back first.
  WindowLease lease_;
  KeptPerThread<DCtxPointer, make_dctx> context_;
  Chunk chunk_;
  base::ByteView rest_;
  bool at_frame_start_ = true;
  bool has_frame_ = false;
};

struct FreeCCtx {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
using CCtxPointer = std::unique_ptr<ZSTD_CCtx, FreeCCtx>;
CCtxPointer make_cctx() { return CCtxPointer(ZSTD_createCCtx()); }

// One frame that does not say how much it holds, as a stream's does not.
class ZstdCompressor : public Compressor {
 public:
  ZstdCompressor(int level, Output& output) : output_(output) {
    ZSTD_CCtx_reset(context_.get(), ZSTD_reset_session_and_parameters);
    ODRADEK_ASSERT(
        !ZSTD_isError(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level)));
  }
  ~ZstdCompressor() override {
    if (ZSTD_sizeof_CCtx(context_.get()) > kKeptCompressorSize) context_.discard();
  }

  void write(base::ByteView plain) override {
    ZSTD_inBuffer input = {plain.data(), plain.size(), 0};
    while (input.pos < input.size) step(input, ZSTD_e_continue);
  }

  void finish() override {
    // Java's stream is flushed before it ends: its last block is empty.
    ZSTD_inBuffer input = {nullptr, 0, 0};
    for (const ZSTD_EndDirective directive : {ZSTD_e_flush, ZSTD_e_end}) {
      while (step(input, directive) > 0) {
      }
    }
  }

 private:
  // The default level's needs, and a little more.
  static constexpr std::size_t kKeptCompressorSize = 8 * 1024 * 1024;

  std::size_t step(ZSTD_inBuffer& input, ZSTD_EndDirective directive) {
    ZSTD_outBuffer output = {chunk_.get(), kChunkSize, 0};
    const std::size_t left = ZSTD_compressStream2(context_.get(), &output, &input, directive);
    ODRADEK_ASSERT(!ZSTD_isError(left));
    output_.insert(output_.end(), chunk_.get(), chunk_.get() + output.pos);
    return left;
  }

  Output& output_;
  Chunk chunk_;
  KeptPerThread<CCtxPointer, make_cctx> context_;
};

}  // namespace

std::unique_ptr<Decompressor> open_zstd(base::ByteView compressed) {
  return std::make_unique<ZstdDecompressor>(compressed);
}

std::unique_ptr<Compressor> make_zstd(int level, Output& output) {
  return std::make_unique<ZstdCompressor>(level, output);
}

}  // namespace odradek::record::compression
