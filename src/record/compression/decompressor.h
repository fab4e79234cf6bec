// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "record/codec.h"

namespace odradek::record {

// The greatest chunk that the streaming codecs give at once. A snappy block comes whole, however
// large it is: the format has no smaller unit.
inline constexpr std::size_t kChunkSize = 64 * 1024;

// The greatest zstd window and the greatest snappy block that is unpacked: what Apache Kafka's own
// zstd accepts. In the whole process one window or block above 8 MiB is in use at a time, and eight
// above 1 MiB (compression/window_lease.h): many at once wait for each other and do not add up.
inline constexpr std::size_t kMaxWindowSize = std::size_t{128} * 1024 * 1024;

// The records of one compressed batch as a stream. Nothing is allocated from a length that the
// input states before it is checked against what the input can hold. Not thread-safe; lives and
// dies on one thread, which keeps working memory for the next one. Opening and reading may block
// while other threads use large windows, so a thread has one at a time.
class Decompressor {
 public:
  // `compressed` outlives it. Never fails: what is wrong shows at next().
  [[nodiscard]] static std::unique_ptr<Decompressor> open(Codec codec, base::ByteView compressed);

  virtual ~Decompressor() = default;
  Decompressor() = default;
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  // The next plain bytes, valid until the next call; empty at the end, when all input was used.
  // CORRUPT_MESSAGE where the input is damaged, ends early or goes on after its end.
  [[nodiscard]] virtual base::Result<base::ByteView> next() = 0;
};

}  // namespace odradek::record
