// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/topic_partition.h"
#include "cli/name_pattern.h"

namespace odradek::cli {

// Which partitions kafka-get-offsets is asked about.
class PartitionFilter {
 public:
  // "topic:1,topic:0-3,topic:5-,topic:-3,topic,:2": rules of a regular expression for the topic
  // (nothing: any) and one partition or a range without its end. INVALID_REQUEST in Kafka's words.
  [[nodiscard]] static base::Result<PartitionFilter> parse_rules(std::string_view rules);
  // A regular expression for the topic, and partitions separated by commas (empty: all).
  [[nodiscard]] static base::Result<PartitionFilter> parse_topic(std::string_view topic,
                                                                 std::string_view partitions);

  bool matches(const base::TopicPartition& partition) const;

 private:
  struct Rule {
    NamePattern topic;
    std::int64_t from = 0;
    std::int64_t until = INT64_MAX;
    std::set<std::int32_t> partitions = {};  // empty: all of the range
  };
  static base::Result<Rule> parse_rule(std::string_view text);

  std::vector<Rule> rules_;
};

}  // namespace odradek::cli
