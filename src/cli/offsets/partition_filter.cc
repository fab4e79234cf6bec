// SPDX-License-Identifier: Apache-2.0
#include "cli/offsets/partition_filter.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "cli/flag_checks.h"

namespace odradek::cli {
namespace {

constexpr std::string_view kAnyTopic = ".*";

base::Result<std::int32_t> parse_partition(std::string_view text) {
  std::int32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return misuse(fmt::format("For input string: \"{}\"", text));
}

bool is_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// As Java's String.split: empty parts at the end do not count.
std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t comma = text.find(',');
    parts.push_back(text.substr(0, comma));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  while (parts.size() > 1 && parts.back().empty()) parts.pop_back();
  return parts;
}

}  // namespace

base::Result<PartitionFilter::Rule> PartitionFilter::parse_rule(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view topic = text.substr(0, colon);
  const std::string_view range =
      colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  const std::size_t dash = range.find('-');
  const std::string_view from = range.substr(0, dash);
  const std::string_view until =
      dash == std::string_view::npos ? std::string_view() : range.substr(dash + 1);
  if (!is_digits(from) || !is_digits(until)) {
    return misuse(
        fmt::format("org.apache.kafka.tools.TerseException: Invalid rule specification: {}", text));
  }
  auto pattern = NamePattern::parse(topic.empty() ? kAnyTopic : topic);
  if (!pattern) return base::fail(std::move(pattern));
  Rule rule{.topic = *std::move(pattern)};
  if (!from.empty()) {
    const auto number = parse_partition(from);
    if (!number) return base::fail(number.error());
    rule.from = *number;
    if (dash == std::string_view::npos) rule.until = rule.from + 1;
  }
  if (!until.empty()) {
    const auto number = parse_partition(until);
    if (!number) return base::fail(number.error());
    rule.until = *number;
  }
  return rule;
}

base::Result<PartitionFilter> PartitionFilter::parse_rules(std::string_view rules) {
  PartitionFilter filter;
  for (const std::string_view text : split(rules)) {
    auto rule = parse_rule(text);
    if (!rule) return base::fail(std::move(rule));
    filter.rules_.push_back(*std::move(rule));
  }
  return filter;
}

base::Result<PartitionFilter> PartitionFilter::parse_topic(std::string_view topic,
                                                           std::string_view partitions) {
  auto pattern = NamePattern::parse(topic);
  if (!pattern) return base::fail(std::move(pattern));
  Rule rule{.topic = *std::move(pattern)};
  if (!partitions.empty()) {
    for (const std::string_view text : split(partitions)) {
      const auto number = parse_partition(text);
      if (!number) {
        return misuse(fmt::format(
            "--partitions expects a comma separated list of numeric partition ids, but received: "
            "{}",
            partitions));
      }
      rule.partitions.insert(*number);
    }
  }
  PartitionFilter filter;
  filter.rules_.push_back(std::move(rule));
  return filter;
}

bool PartitionFilter::matches(const base::TopicPartition& partition) const {
  return std::ranges::any_of(rules_, [&](const Rule& rule) {
    return partition.partition >= rule.from && partition.partition < rule.until &&
           (rule.partitions.empty() || rule.partitions.contains(partition.partition)) &&
           rule.topic.matches(partition.topic);
  });
}

}  // namespace odradek::cli
