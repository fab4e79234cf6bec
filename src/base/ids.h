// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace odradek::base {

// A number with a meaning: ids of different meanings do not mix. `value()` is the wire's number.
template <typename Tag, typename Number>
class StrongId {
 public:
  using Representation = Number;

  constexpr StrongId() = default;
  constexpr explicit StrongId(Number value) : value_(value) {}

  constexpr Number value() const { return value_; }

  friend constexpr auto operator<=>(StrongId, StrongId) = default;

 private:
  Number value_ = 0;
};

// A record's place in a partition's log (Kafka's offset). Differences of offsets are plain counts.
class Offset : public StrongId<struct OffsetTag, std::int64_t> {
 public:
  using StrongId::StrongId;

  constexpr Offset& operator++() { return *this = Offset(value() + 1); }
  friend constexpr Offset operator+(Offset offset, std::int64_t count) {
    return Offset(offset.value() + count);
  }
  friend constexpr Offset operator-(Offset offset, std::int64_t count) {
    return Offset(offset.value() - count);
  }
  friend constexpr std::int64_t operator-(Offset left, Offset right) {
    return left.value() - right.value();
  }
};

// The number of a leadership of a partition (KIP-101); -1: not known.
using LeaderEpoch = StrongId<struct LeaderEpochTag, std::int32_t>;
// A broker's node id; -1: none.
using BrokerId = StrongId<struct BrokerIdTag, std::int32_t>;
// An idempotent or transactional producer (KIP-98); -1: none.
using ProducerId = StrongId<struct ProducerIdTag, std::int64_t>;
using ProducerEpoch = StrongId<struct ProducerEpochTag, std::int16_t>;
// Milliseconds since 1970-01-01T00:00Z, as records carry them; -1: none.
using Timestamp = StrongId<struct TimestampTag, std::int64_t>;

inline constexpr Offset kNoOffset{-1};
inline constexpr LeaderEpoch kNoLeaderEpoch{-1};
inline constexpr BrokerId kNoBroker{-1};
inline constexpr ProducerId kNoProducerId{-1};
inline constexpr ProducerEpoch kNoProducerEpoch{-1};
inline constexpr Timestamp kNoTimestamp{-1};

}  // namespace odradek::base

template <typename Tag, typename Number>
struct std::hash<odradek::base::StrongId<Tag, Number>> {
  std::size_t operator()(odradek::base::StrongId<Tag, Number> id) const noexcept {
    return std::hash<Number>{}(id.value());
  }
};
template <>
struct std::hash<odradek::base::Offset> {
  std::size_t operator()(odradek::base::Offset offset) const noexcept {
    return std::hash<std::int64_t>{}(offset.value());
  }
};
