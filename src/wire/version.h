// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace odradek::wire {

// The version of a message, as request headers carry it.
using Version = std::int16_t;

// The end of "3+", and the first flexible version of a message that has none.
inline constexpr Version kNoVersion = 32767;

// The versions [low, high]; none where low > high.
struct VersionRange {
  Version low = 0;
  Version high = kNoVersion;

  constexpr bool contains(Version version) const { return low <= version && version <= high; }
};

// Limits of every message, Kafka's own: on reading and on writing.
inline constexpr std::uint32_t kMaxArraySize = 1'000'000;
inline constexpr std::uint32_t kMaxTaggedFields = 10'000;
inline constexpr std::uint32_t kMaxStringSize = 32'767;

}  // namespace odradek::wire
