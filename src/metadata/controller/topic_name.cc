// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/topic_name.h"

#include <fmt/core.h>

#include <algorithm>

namespace odradek::metadata {
namespace {

constexpr std::size_t kMaxNameLength = 249;

bool is_legal(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '.' || character == '_' ||
         character == '-';
}

std::unexpected<base::Error> invalid(std::string why) {
  return base::fail(base::ErrorCode::kInvalidTopicException, std::move(why));
}

}  // namespace

base::Result<> check_topic_name(std::string_view name) {
  if (name.empty()) return invalid("Topic name is invalid: the empty string is not allowed");
  if (name == "." || name == "..") {
    return invalid(fmt::format("Topic name is invalid: '{}' is not allowed", name));
  }
  if (name.size() > kMaxNameLength) {
    return invalid(
        fmt::format("Topic name is invalid: the length of '{}' is longer than the max allowed "
                    "length {}",
                    name, kMaxNameLength));
  }
  if (!std::ranges::all_of(name, is_legal)) {
    return invalid(
        fmt::format("Topic name is invalid: '{}' contains one or more characters other than ASCII "
                    "alphanumerics, '.', '_' and '-'",
                    name));
  }
  return {};
}

std::string collision_key(std::string_view name) {
  std::string key(name);
  std::ranges::replace(key, '.', '_');
  return key;
}

}  // namespace odradek::metadata
