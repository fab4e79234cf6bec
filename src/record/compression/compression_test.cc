// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <limits>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "record/build.h"
#include "record/compression/compress.h"
#include "record/compression/decompressor.h"
#include "record/compression/window_lease.h"
#include "record/validate.h"
#include "record/varint.h"

namespace odradek::record {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr Codec kCodecs[] = {Codec::kGzip, Codec::kSnappy, Codec::kLz4, Codec::kZstd};

// Everything that `compressed` unpacks to.
base::Result<Bytes> unpack(Codec codec, base::ByteView compressed) {
  const auto decompressor = Decompressor::open(codec, compressed);
  Bytes plain;
  while (true) {
    auto chunk = decompressor->next();
    if (!chunk) return base::fail(std::move(chunk));
    if (chunk->empty()) return plain;
    plain.insert(plain.end(), chunk->begin(), chunk->end());
  }
}

Bytes text_of(std::size_t size) {
  std::mt19937_64 random(size);
  Bytes bytes(size);
  // Something that compresses, but not to nothing.
  std::ranges::generate(bytes, [&] { return static_cast<std::uint8_t>('a' + random() % 12); });
  return bytes;
}

Bytes joined(const Bytes& first, const Bytes& second) {
  Bytes bytes = first;
  bytes.insert(bytes.end(), second.begin(), second.end());
  return bytes;
}

TEST(CompressionTest, EverySizeComesBack) {
  for (const Codec codec : kCodecs) {
    for (const std::size_t size : {0, 1, 100, 32767, 32768, 65535, 65536, 65537, 200000}) {
      const Bytes plain = text_of(size);
      const Bytes compressed = compress(codec, default_compression_level(codec), plain);
      EXPECT_EQ(unpack(codec, compressed), plain) << codec_name(codec) << " " << size;
    }
  }
}

TEST(CompressionTest, EveryLevelComesBack) {
  const Bytes plain = text_of(100000);
  for (const int level : {-1, 1, 9}) {
    EXPECT_EQ(unpack(Codec::kGzip, compress(Codec::kGzip, level, plain)), plain) << level;
  }
  for (const int level : {1, 9, 17}) {
    EXPECT_EQ(unpack(Codec::kLz4, compress(Codec::kLz4, level, plain)), plain) << level;
  }
  for (const int level : {-131072, 1, 3, 12}) {
    EXPECT_EQ(unpack(Codec::kZstd, compress(Codec::kZstd, level, plain)), plain) << level;
  }
}

TEST(CompressionTest, EveryCutIsNoticed) {
  for (const Codec codec : kCodecs) {
    const Bytes compressed = compress(codec, default_compression_level(codec), text_of(500));
    for (std::size_t size = 0; size < compressed.size(); ++size) {
      // xerial's stream has no end mark: whole blocks, here the stream's header alone, are a
      // stream.
      if (codec == Codec::kSnappy && size == 16) continue;
      const auto result = unpack(codec, base::ByteView(compressed).first(size));
      ASSERT_FALSE(result) << codec_name(codec) << " " << size;
      EXPECT_EQ(result.error().code, base::ErrorCode::kCorruptMessage);
    }
  }
}

TEST(CompressionTest, BytesAfterTheEndAreNoticed) {
  for (const Codec codec : kCodecs) {
    Bytes compressed = compress(codec, default_compression_level(codec), text_of(500));
    compressed.insert(compressed.end(), {'x', 'y', 'z', 0, 0, 0});
    EXPECT_FALSE(unpack(codec, compressed)) << codec_name(codec);
  }
}

TEST(CompressionTest, SeveralMembersFramesAndStreamsFollowEachOther) {
  const Bytes first = text_of(70000);
  const Bytes second = text_of(300);
  for (const Codec codec : {Codec::kGzip, Codec::kSnappy, Codec::kZstd}) {
    const int level = default_compression_level(codec);
    const Bytes both = joined(compress(codec, level, first), compress(codec, level, second));
    EXPECT_EQ(unpack(codec, both), joined(first, second)) << codec_name(codec);
  }
}

TEST(CompressionTest, ZstdSkipsSkippableFramesAndKnowsNoOldFormats) {
  const Bytes plain = text_of(300);
  const Bytes frame = compress(Codec::kZstd, 3, plain);
  const Bytes skippable = {0x5f, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 0xff, 0xff, 0xff};
  EXPECT_EQ(unpack(Codec::kZstd, joined(skippable, frame)), plain);
  Bytes old = frame;
  old[0] = 0x27;  // version 0.7
  EXPECT_FALSE(unpack(Codec::kZstd, old));
}

// A raw snappy block: its plain size, then elements (the format's description, section 2).
TEST(CompressionTest, SnappyTakesABareBlock) {
  // A literal of 4, a copy of 64 and one of 2, both from 4 back.
  const Bytes block = {70, 0x0c, 'a', 'b', 'c', 'd', 0xfe, 4, 0, 0x06, 4, 0};
  const auto plain = unpack(Codec::kSnappy, block);
  ASSERT_TRUE(plain);
  ASSERT_EQ(plain->size(), 70U);
  for (std::size_t i = 0; i < plain->size(); ++i) EXPECT_EQ((*plain)[i], "abcd"[i % 4]);
}

TEST(CompressionTest, SnappySizesThatCantBeAreRefusedBeforeAllocating) {
  // 4 GiB - 1 in six bytes, bare and in xerial's stream.
  const Bytes block = {0xff, 0xff, 0xff, 0xff, 0x0f, 0};
  EXPECT_FALSE(unpack(Codec::kSnappy, block));
  Bytes stream = compress(Codec::kSnappy, 0, {});
  stream.insert(stream.end(), {0, 0, 0, 6});
  EXPECT_FALSE(unpack(Codec::kSnappy, joined(stream, block)));
  Bytes beyond = compress(Codec::kSnappy, 0, {});
  beyond.insert(beyond.end(), {0x7f, 0xff, 0xff, 0xff, 0});
  EXPECT_FALSE(unpack(Codec::kSnappy, beyond));
}

TEST(CompressionTest, Lz4FramesThatJavaCantReadAreRefused) {
  const Bytes good = compress(Codec::kLz4, 9, text_of(300));
  ASSERT_TRUE(unpack(Codec::kLz4, good));
  for (const auto& [position, value] :
       std::initializer_list<std::pair<int, int>>{{0, 0x05},     // another magic number
                                                  {4, 0x40},     // blocks that depend on each other
                                                  {4, 0x61},     // a dictionary
                                                  {4, 0xa0},     // version 2
                                                  {5, 0x30},     // a block size that is not defined
                                                  {6, 0x00}}) {  // the header's checksum
    Bytes bad = good;
    bad[static_cast<std::size_t>(position)] = static_cast<std::uint8_t>(value);
    EXPECT_FALSE(unpack(Codec::kLz4, bad)) << position << " " << value;
  }
}

TEST(CompressionTest, AThreadsWorkingMemorySurvivesDamage) {
  const Bytes plain = text_of(150000);
  for (const Codec codec : kCodecs) {
    const Bytes compressed = compress(codec, default_compression_level(codec), plain);
    for (int i = 0; i < 3; ++i) {
      EXPECT_FALSE(unpack(codec, base::ByteView(compressed).first(compressed.size() / 2)));
      EXPECT_EQ(unpack(codec, compressed), plain);
      // Two at once, and one that is not read to its end.
      const auto left = Decompressor::open(codec, compressed);
      const auto right = Decompressor::open(codec, compressed);
      ASSERT_TRUE(left->next());
      ASSERT_TRUE(right->next());
    }
  }
}

TEST(WindowLeaseTest, ALargeWindowWaitsForTheOther) {
  compression::WindowLease first;
  first.take(compression::kMediumWindow + 1);
  bool is_released = false;
  std::thread other([&] {
    compression::WindowLease second;
    second.take(compression::kMediumWindow + 1);
    EXPECT_TRUE(is_released);
  });
  // Neither small nor medium windows wait for it.
  compression::WindowLease small;
  small.take(compression::kSmallWindow);
  EXPECT_FALSE(small.is_held());
  is_released = true;
  first.release();
  other.join();
}

// Bombs: batches of one record whose value is this many zeros.
constexpr std::size_t kBombSize = std::size_t{256} << 20;

// A record up to its value, whose zeros follow; so is its count of headers.
Bytes bomb_prefix(std::size_t value_size) {
  const auto size = static_cast<std::int64_t>(value_size);
  Bytes prefix(32);
  std::uint8_t* to = prefix.data();
  to = write_varint(to, 3 + 1 + static_cast<std::int64_t>(varint_size(size)) + size + 1);
  to = std::fill_n(to, 3, std::uint8_t{0});
  to = write_varint(to, -1);
  to = write_varint(to, size);
  prefix.resize(static_cast<std::size_t>(to - prefix.data()));
  return prefix;
}

Bytes repeated(const Bytes& unit, std::size_t times) {
  Bytes bytes;
  bytes.reserve(unit.size() * times);
  for (; times > 0; --times) bytes.insert(bytes.end(), unit.begin(), unit.end());
  return bytes;
}

// A zstd frame with a window of 128 MiB: the prefix raw, then zeros in runs of 128 KiB.
Bytes zstd_bomb(const Bytes& prefix, std::size_t zeros) {
  const auto block_header = [](std::size_t size, std::uint32_t type, bool is_last) {
    const auto header = static_cast<std::uint32_t>(size << 3 | type << 1 | (is_last ? 1 : 0));
    return Bytes{static_cast<std::uint8_t>(header), static_cast<std::uint8_t>(header >> 8),
                 static_cast<std::uint8_t>(header >> 16)};
  };
  constexpr std::size_t kRun = 128 * 1024;
  Bytes bomb = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 17 << 3};
  bomb = joined(joined(bomb, block_header(prefix.size(), 0, false)), prefix);
  bomb = joined(bomb, repeated(joined(block_header(kRun, 1, false), {0}), zeros / kRun));
  return joined(bomb, joined(block_header(zeros % kRun, 1, true), {0}));
}

// An lz4 frame whose second block, zeros, is repeated.
Bytes lz4_bomb(const Bytes& prefix, std::size_t zeros) {
  constexpr std::size_t kBlock = 64 * 1024;
  constexpr std::size_t kFrameHeader = 7;
  Bytes plain = prefix;
  plain.resize(2 * kBlock);
  const Bytes frame = compress(Codec::kLz4, 9, plain);
  const auto block_end = [&](std::size_t from) {
    return from + 4 + (frame[from] | std::size_t{frame[from + 1]} << 8);
  };
  const std::size_t second = block_end(kFrameHeader);
  const auto at = [&](std::size_t position) {
    return frame.begin() + static_cast<std::ptrdiff_t>(position);
  };
  const Bytes zero_block(at(second), at(block_end(second)));
  Bytes bomb(frame.begin(), at(second));
  bomb = joined(bomb, repeated(zero_block, (prefix.size() + zeros) / kBlock - 1));
  return joined(bomb, {0, 0, 0, 0});
}

// Members, frames or blocks of zeros after the prefix's.
Bytes bomb_of_parts(Codec codec, const Bytes& prefix, std::size_t zeros, std::size_t part) {
  const int level = default_compression_level(codec);
  Bytes unit = compress(codec, level, Bytes(part));
  if (codec == Codec::kSnappy) unit.erase(unit.begin(), unit.begin() + 16);
  Bytes bomb = joined(compress(codec, level, prefix), repeated(unit, zeros / part));
  Bytes rest = compress(codec, level, Bytes(zeros % part));
  if (codec == Codec::kSnappy) rest.erase(rest.begin(), rest.begin() + 16);
  return joined(bomb, rest);
}

base::SharedBytes batch_around(Codec codec, const Bytes& records) {
  BatchBuilder builder;
  builder.append(base::Timestamp(0), std::nullopt, std::nullopt);
  const base::SharedBytes header = builder.build();
  Bytes bytes(header.view().begin(), header.view().begin() + kBatchHeaderSize);
  bytes = joined(bytes, records);
  base::SharedBytes batch = base::SharedBytes::copy(bytes);
  base::MutableByteView to = batch.mutable_view();
  to[position::kAttributes + 1] = static_cast<std::uint8_t>(codec);
  base::store_big_endian(to.data() + position::kLength,
                         static_cast<std::int32_t>(bytes.size() - kLogOverhead));
  base::store_big_endian(to.data() + position::kCrc, BatchView::parse(batch)->computed_crc());
  return batch;
}

base::SharedBytes bomb(Codec codec, std::size_t size) {
  const Bytes prefix = bomb_prefix(size);
  // The zero that counts the headers comes last.
  switch (codec) {
    case Codec::kZstd:
      return batch_around(codec, zstd_bomb(prefix, size + 1));
    case Codec::kLz4: {
      // Whole blocks only: the value takes what fits.
      const std::size_t whole = (prefix.size() + size) / (64 * 1024) * (64 * 1024) - prefix.size();
      const Bytes fitting = bomb_prefix(whole - 1);
      return batch_around(codec, lz4_bomb(fitting, whole));
    }
    default:
      return batch_around(codec, bomb_of_parts(codec, prefix, size + 1, 4 << 20));
  }
}

// One window of 128 MiB at a time, and what eight smaller ones may take. A sanitizer keeps freed
// memory back, and shadows it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kAllowedMib = 2000;
#else
constexpr std::size_t kAllowedMib = 170;
#endif

std::size_t resident_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) / 1024;
}

// Validates every bomb on four threads at once. Returns 0 where all were found valid.
int validate_bombs(const std::vector<base::SharedBytes>& bombs) {
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      for (std::size_t j = 0; j < bombs.size(); ++j) {
        const auto batch = BatchView::parse(bombs[(i + j) % bombs.size()]);
        const auto result =
            validate(*batch, {.max_message_bytes = std::numeric_limits<std::int32_t>::max()});
        if (!result || result->plain_size < kBombSize / 2) ++failures;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return failures;
}

TEST(BombTest, SeveralAtOnceStayWithinTheirMemory) {
  // Valid batches of one huge record each: nothing may refuse them before they are unpacked.
  std::vector<base::SharedBytes> bombs;
  for (const Codec codec : kCodecs) bombs.push_back(bomb(codec, kBombSize));
  bombs.push_back(bombs.back());  // zstd's needs the largest window: two of a kind

  // In a process of its own, whose greatest resident size counts from here.
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const std::size_t before = resident_mib();
    if (validate_bombs(bombs) != 0) _exit(1);
    const std::size_t grown = resident_mib() - before;
    std::fprintf(stderr, "resident: %zu MiB more\n", grown);
    _exit(grown < kAllowedMib ? 0 : 2);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0) << "1: refused, 2: too much memory";
}

}  // namespace
}  // namespace odradek::record
