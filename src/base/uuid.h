// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace odradek::base {

// 128 bits that name a topic, a directory or a cluster. Zero means "none". Its text is Kafka's: 22
// characters of unpadded base64url.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  // A version 4 UUID of the given 128 random bits.
  static Uuid from_random(std::uint64_t high, std::uint64_t low);
  // Nothing unless `text` is 22 characters of base64url that stand for 16 bytes.
  static std::optional<Uuid> parse(std::string_view text);

  bool is_zero() const { return *this == Uuid{}; }
  std::string to_string() const;

  friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

using TopicId = Uuid;

// Directory ids below 100 are reserved by KIP-858 with these meanings.
inline constexpr Uuid kDirectoryUnassigned{};
inline constexpr Uuid kDirectoryLost{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
inline constexpr Uuid kDirectoryMigrating{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}};

}  // namespace odradek::base

template <>
struct std::hash<odradek::base::Uuid> {
  std::size_t operator()(const odradek::base::Uuid& id) const noexcept;
};
