// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace odradek::base {

// String.hashCode of Java for a text in UTF-8: over its UTF-16 units, as Kafka places groups by it.
std::int32_t java_hash_code(std::string_view utf8);

// Which of `count` partitions a key of an internal topic belongs to: the hash code's absolute
// value, modulo their number. REQUIRES: count > 0.
std::int32_t java_hash_partition(std::string_view utf8, std::int32_t count);

}  // namespace odradek::base
