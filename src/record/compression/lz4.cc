// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include <lz4.h>
#include <lz4frame.h>
#include <lz4hc.h>

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

struct FreeHcState {
  void operator()(LZ4_streamHC_t* state) const { LZ4_freeStreamHC(state); }
};

// One frame of independent blocks of 64 KiB, without checksums, as Kafka's own stream frames it.
class Lz4Compressor : public Compressor {
 public:
  Lz4Compressor(int level, Output& output) : level_(level), output_(output) {
    // Version 1, independent blocks; blocks of at most 64 KiB; the checksum of these two bytes.
    constexpr std::uint8_t kDescriptor[] = {kFixedFlagsValue, 0x40, 0x82};
    output_.insert(output_.end(), std::begin(kFrameMagic), std::end(kFrameMagic));
    output_.insert(output_.end(), std::begin(kDescriptor), std::end(kDescriptor));
    // Apache Kafka's default level is the fast compressor, every other one the slow one.
    if (level != default_compression_level(Codec::kLz4)) slow_.reset(LZ4_createStreamHC());
  }

  void write(base::ByteView plain) override {
    while (!plain.empty()) {
      if (gathered_.empty() && plain.size() >= kBlockSize) {
        append_block(plain.first(kBlockSize));
        plain = plain.subspan(kBlockSize);
        continue;
      }
      const base::ByteView part =
          plain.first(std::min(plain.size(), kBlockSize - gathered_.size()));
      gathered_.insert(gathered_.end(), part.begin(), part.end());
      plain = plain.subspan(part.size());
      if (gathered_.size() == kBlockSize) flush_gathered();
    }
  }

  void finish() override {
    flush_gathered();
    put_little_endian(0, append(sizeof(std::uint32_t)));
  }

 private:
  static constexpr std::size_t kBlockSize = 64 * 1024;
  static constexpr std::uint32_t kIsPlain = 0x80000000;

  void flush_gathered() {
    if (!gathered_.empty()) append_block(gathered_);
    gathered_.clear();
  }

  // Its length, then the bytes: plain where they don't get fewer.
  void append_block(base::ByteView plain) {
    const std::size_t start = append(sizeof(std::uint32_t));
    const int room = LZ4_compressBound(static_cast<int>(plain.size()));
    const std::size_t data = append(static_cast<std::size_t>(room));
    std::size_t size = compress(plain, output_.data() + data, room);
    std::uint32_t length = static_cast<std::uint32_t>(size);
    if (size >= plain.size()) {
      size = plain.size();
      length = static_cast<std::uint32_t>(size) | kIsPlain;
      std::memcpy(output_.data() + data, plain.data(), size);
    }
    output_.resize(data + size);
    put_little_endian(length, start);
  }

  std::size_t compress(base::ByteView plain, std::uint8_t* to, int room) {
    const auto* from = reinterpret_cast<const char*>(plain.data());
    auto* target = reinterpret_cast<char*>(to);
    const int size = static_cast<int>(plain.size());
    const int done = slow_
                         ? LZ4_compress_HC_extStateHC(slow_.get(), from, target, size, room, level_)
                         : LZ4_compress_default(from, target, size, room);
    ODRADEK_ASSERT(done > 0);
    return static_cast<std::size_t>(done);
  }

  // Room for more bytes; returns where they start.
  std::size_t append(std::size_t bytes) {
    const std::size_t start = output_.size();
    output_.resize(start + bytes);
    return start;
  }

  void put_little_endian(std::uint32_t number, std::size_t position) {
    for (int i = 0; i < 4; ++i) {
      output_[position + static_cast<std::size_t>(i)] =
          static_cast<std::uint8_t>(number >> (8 * i));
    }
  }

  const int level_;
  Output& output_;
  // Of every level but the default.
  std::unique_ptr<LZ4_streamHC_t, FreeHcState> slow_;
  // Less than a block.
  std::vector<std::uint8_t> gathered_;
};

}  // namespace

std::unique_ptr<Decompressor> open_lz4(base::ByteView compressed) {
  return std::make_unique<Lz4Decompressor>(compressed);
}

std::unique_ptr<Compressor> make_lz4(int level, Output& output) {
  return std::make_unique<Lz4Compressor>(level, output);
}

}  // namespace odradek::record::compression
