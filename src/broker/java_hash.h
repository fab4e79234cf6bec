// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace odradek::broker {

// String.hashCode of Java for a text in UTF-8: over its UTF-16 units, as Kafka places groups by it.
std::int32_t java_hash_code(std::string_view utf8);

}  // namespace odradek::broker
