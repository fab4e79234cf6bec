// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include <snappy.h>

#include "base/assert.h"
#include "record/compression/codecs.h"
#include "record/compression/window_lease.h"
#include "record/compression/working_memory.h"

namespace odradek::record::compression {
namespace {

// xerial's stream: a magic number and two versions, then blocks, each after its length.
constexpr std::uint8_t kMagic[] = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};
constexpr std::size_t kStreamHeaderSize = sizeof(kMagic) + 8;
constexpr std::size_t kLengthSize = 4;
constexpr std::size_t kBlockSize = 32 * 1024;
// The densest element of the format makes 64 bytes of 3: a block that claims to hold more than 22
// times its size lies.
constexpr std::size_t kMaxExpansion = 22;

bool starts_with_magic(base::ByteView bytes) {
  return bytes.size() >= kStreamHeaderSize &&
         std::equal(std::begin(kMagic), std::end(kMagic), bytes.begin());
}

// Blocks in xerial's stream, as Java's and most clients write them, or one bare block, as
// librdkafka does.
class SnappyDecompressor : public Decompressor {
 public:
  explicit SnappyDecompressor(base::ByteView compressed)
      : rest_(compressed), is_stream_(starts_with_magic(compressed)) {}

  base::Result<base::ByteView> next() override {
    while (true) {
      if (is_stream_ && starts_with_magic(rest_)) rest_ = rest_.subspan(kStreamHeaderSize);
      if (rest_.empty()) {
        if (is_stream_ || has_block_) return base::ByteView();
        return damaged("the snappy data is empty");
      }
      auto block = take_block();
      if (!block) return base::fail(std::move(block));
      has_block_ = true;
      auto plain = uncompress(*block);
      if (!plain || !plain->empty()) return plain;
    }
  }

 private:
  static std::unexpected<base::Error> damaged(const char* what) {
    return base::fail(base::ErrorCode::kCorruptMessage, what);
  }

  base::Result<base::ByteView> take_block() {
    std::size_t length = rest_.size();
    if (is_stream_) {
      if (rest_.size() < kLengthSize) return damaged("the snappy stream ends early");
      length = base::load_big_endian<std::uint32_t>(rest_.data());
      rest_ = rest_.subspan(kLengthSize);
      if (length > rest_.size()) return damaged("a snappy block goes beyond its stream");
    }
    const base::ByteView block = rest_.first(length);
    rest_ = rest_.subspan(length);
    return block;
  }

  base::Result<base::ByteView> uncompress(base::ByteView block) {
    const auto* data = reinterpret_cast<const char*>(block.data());
    std::size_t size = 0;
    if (!snappy::GetUncompressedLength(data, block.size(), &size) ||
        size > block.size() * kMaxExpansion) {
      return damaged("a snappy block states a size that it cannot have");
    }
    if (size > kMaxWindowSize) return damaged("a snappy block is larger than 128 MiB");
    std::uint8_t* to = room_for(size);
    if (!snappy::RawUncompress(data, block.size(), reinterpret_cast<char*>(to))) {
      return damaged("a snappy block is damaged");
    }
    return base::ByteView(to, size);
  }

  // Memory for a block, until the next one.
  std::uint8_t* room_for(std::size_t size) {
    if (size <= kChunkSize) return chunk_.get();
    if (size <= large_size_) return large_.get();
    large_ = nullptr;
    lease_.take(size);
    large_ = std::make_unique_for_overwrite<std::uint8_t[]>(size);
    large_size_ = size;
    return large_.get();
  }

  Chunk chunk_;
  WindowLease lease_;
  std::unique_ptr<std::uint8_t[]> large_;
  std::size_t large_size_ = 0;
  base::ByteView rest_;
  const bool is_stream_;
  bool has_block_ = false;
};

// xerial's stream, of blocks of 32 KiB.
class SnappyCompressor : public Compressor {
 public:
  explicit SnappyCompressor(Output& output) : output_(output) {
    // Version 1, readable by version 1 and later.
    constexpr std::uint8_t kVersions[] = {0, 0, 0, 1, 0, 0, 0, 1};
    output_.insert(output_.end(), std::begin(kMagic), std::end(kMagic));
    output_.insert(output_.end(), std::begin(kVersions), std::end(kVersions));
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
      if (gathered_.size() == kBlockSize) finish();
    }
  }

  void finish() override {
    if (!gathered_.empty()) append_block(gathered_);
    gathered_.clear();
  }

 private:
  void append_block(base::ByteView plain) {
    const std::size_t start = output_.size();
    output_.resize(start + kLengthSize + snappy::MaxCompressedLength(plain.size()));
    std::size_t size = 0;
    snappy::RawCompress(reinterpret_cast<const char*>(plain.data()), plain.size(),
                        reinterpret_cast<char*>(output_.data() + start + kLengthSize), &size);
    base::store_big_endian(output_.data() + start, static_cast<std::uint32_t>(size));
    output_.resize(start + kLengthSize + size);
  }

  Output& output_;
  // Less than a block.
  std::vector<std::uint8_t> gathered_;
};

}  // namespace

std::unique_ptr<Decompressor> open_snappy(base::ByteView compressed) {
  return std::make_unique<SnappyDecompressor>(compressed);
}

std::unique_ptr<Compressor> make_snappy(Output& output) {
  return std::make_unique<SnappyCompressor>(output);
}

}  // namespace odradek::record::compression
