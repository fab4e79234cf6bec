// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace odradek::cli {

// Where a record without a key goes: as with the Java producer, all of them to one partition until
// about a batch (`batch.size`) is there, then to another one (KIP-794). Threads: one.
class StickyPartition {
 public:
  StickyPartition(std::int32_t partitions, std::size_t batch_bytes, std::uint64_t seed)
      : partitions_(partitions), batch_bytes_(batch_bytes), state_(seed | 1U) {
    change();
  }

  // The partition of a record of so many bytes.
  std::int32_t next(std::size_t record_bytes) {
    if (bytes_ >= batch_bytes_) change();
    bytes_ += record_bytes;
    return partition_;
  }

 private:
  void change();

  const std::int32_t partitions_;
  const std::size_t batch_bytes_;
  std::uint64_t state_;
  std::size_t bytes_ = 0;
  std::int32_t partition_ = -1;
};

}  // namespace odradek::cli
