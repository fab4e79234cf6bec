// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace odradek::log::cleaner {

using KeyHash = std::array<std::uint64_t, 2>;

// SipHash-2-4 with a result of 128 bits. The secret is drawn anew for every map of keys, so that
// nobody can make two keys that compaction takes for one (Kafka's MD5 is not safe from that).
class KeyHasher {
 public:
  explicit KeyHasher(std::uint64_t secret_low = 0, std::uint64_t secret_high = 0)
      : low_(secret_low), high_(secret_high) {}

  KeyHash operator()(base::ByteView key) const;

 private:
  std::uint64_t low_;
  std::uint64_t high_;
};

}  // namespace odradek::log::cleaner
