// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>

namespace odradek::broker::api {

// Resource types, pattern types, operations and permission types have 0 for "unknown". Kafka takes
// a request with one for malformed and closes its connection.
constexpr bool has_unknown(std::initializer_list<std::int8_t> elements) {
  for (const std::int8_t element : elements) {
    if (element == 0) return true;
  }
  return false;
}

inline constexpr const char* kUnknownElement =
    "an ACL request with an unknown resource type, pattern type, operation or permission type";

}  // namespace odradek::broker::api
