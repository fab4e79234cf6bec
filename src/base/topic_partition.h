// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace odradek::base {

// One partition of a topic by name. Its text, and its directory's name, is "topic-partition".
struct TopicPartition {
  std::string topic;
  std::int32_t partition = 0;

  std::string to_string() const { return topic + '-' + std::to_string(partition); }
  friend auto operator<=>(const TopicPartition&, const TopicPartition&) = default;
};

}  // namespace odradek::base

template <>
struct std::hash<odradek::base::TopicPartition> {
  std::size_t operator()(const odradek::base::TopicPartition& partition) const noexcept {
    return std::hash<std::string>{}(partition.topic) * 31 +
           static_cast<std::size_t>(partition.partition);
  }
};
