// SPDX-License-Identifier: Apache-2.0
#include "log/directory/partition_name.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "base/assert.h"

namespace odradek::log::directory {
namespace {

constexpr std::size_t kUniqueLength = 32;
constexpr std::size_t kMaxNameLength = 255;

std::string_view suffix_of(DirectoryRole role) {
  switch (role) {
    case DirectoryRole::kDelete:
      return "-delete";
    case DirectoryRole::kFuture:
      return "-future";
    case DirectoryRole::kStray:
      return "-stray";
    case DirectoryRole::kLog:
    case DirectoryRole::kOther:
      break;
  }
  return "";
}

bool is_hex(char digit) { return (digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f'); }

bool is_topic_character(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '.' || character == '_' ||
         character == '-';
}

// `topic-N.<32 hex digits>` and the suffix; the topic may have been cut.
bool has_role(std::string_view name, DirectoryRole role) {
  const std::string_view suffix = suffix_of(role);
  if (!name.ends_with(suffix)) return false;
  name.remove_suffix(suffix.size());
  if (name.size() < kUniqueLength + 2) return false;
  const std::string_view unique = name.substr(name.size() - kUniqueLength);
  return std::ranges::all_of(unique, is_hex) && name[name.size() - kUniqueLength - 1] == '.';
}

}  // namespace

DirectoryRole role_of(std::string_view name) {
  for (const auto role : {DirectoryRole::kDelete, DirectoryRole::kFuture, DirectoryRole::kStray}) {
    if (has_role(name, role)) return role;
  }
  return parse_partition_name(name) ? DirectoryRole::kLog : DirectoryRole::kOther;
}

std::optional<base::TopicPartition> parse_partition_name(std::string_view name) {
  const std::size_t dash = name.rfind('-');
  if (dash == std::string_view::npos || dash == 0) return std::nullopt;
  const std::string_view topic = name.substr(0, dash);
  const std::string_view digits = name.substr(dash + 1);
  if (!std::ranges::all_of(topic, is_topic_character) || topic == "." || topic == "..") {
    return std::nullopt;
  }
  if (digits.empty() || (digits.size() > 1 && digits.front() == '0')) return std::nullopt;
  std::int32_t partition = -1;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), partition);
  if (error != std::errc() || end != digits.data() + digits.size() || partition < 0) {
    return std::nullopt;
  }
  return base::TopicPartition{std::string(topic), partition};
}

std::optional<base::TopicPartition> partition_of(std::string_view name) {
  const DirectoryRole role = role_of(name);
  const std::size_t ending = 1 + kUniqueLength + suffix_of(role).size();
  if (suffix_of(role).empty()) return std::nullopt;
  return parse_partition_name(name.substr(0, name.size() - ending));
}

std::string directory_name(const base::TopicPartition& partition, const base::Uuid& unique,
                           DirectoryRole role) {
  ODRADEK_ASSERT(!suffix_of(role).empty());
  std::string ending = fmt::format("-{}.", partition.partition);
  for (const std::uint8_t byte : unique.bytes) ending += fmt::format("{:02x}", byte);
  ending += suffix_of(role);
  return partition.topic.substr(0, kMaxNameLength - ending.size()) + ending;
}

}  // namespace odradek::log::directory
