// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/event_line.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/java_hash.h"

namespace odradek::metadata {
namespace {

constexpr std::string_view kGroupTopic = "__consumer_offsets";
constexpr std::size_t kFields = 7;
constexpr std::array<std::pair<EventLine::Kind, std::string_view>, 3> kKinds = {
    {{EventLine::Kind::kBroker, "broker"},
     {EventLine::Kind::kPartition, "partition"},
     {EventLine::Kind::kGroups, "groups"}}};

void concern(EventLine& line, base::BrokerId broker) {
  if (broker != base::kNoBroker && std::ranges::count(line.brokers, broker) == 0) {
    line.brokers.push_back(broker);
  }
}

bool has_moved(const PartitionEvent& event) {
  return event.topic == kGroupTopic && event.leader != event.leader_before;
}

std::string describe_move(const PartitionEvent& event) {
  const auto of = fmt::format("the groups of {}-{}", event.topic, event.partition);
  const std::int32_t before = event.leader_before.value();
  const std::string cause = describe(event.cause);
  if (event.leader == base::kNoBroker) {
    return fmt::format("{} have no coordinator (was {}), because {}", of, before, cause);
  }
  if (event.leader_before == base::kNoBroker) {
    return fmt::format("{} have a coordinator again, broker {}, because {}", of,
                       event.leader.value(), cause);
  }
  return fmt::format("{} moved from broker {} to broker {}, because {}", of, before,
                     event.leader.value(), cause);
}

EventLine line_of(const PartitionEvent& event) {
  EventLine line;
  line.kind = EventLine::Kind::kPartition;
  line.topic = event.topic;
  line.partition = event.partition;
  for (const auto broker : {event.leader_before, event.leader, event.cause.broker}) {
    concern(line, broker);
  }
  for (const auto broker : event.in_sync_before) {
    if (!std::ranges::count(event.in_sync, broker)) concern(line, broker);
  }
  for (const auto broker : event.in_sync) {
    if (!std::ranges::count(event.in_sync_before, broker)) concern(line, broker);
  }
  line.reason = name_of(event.cause.reason);
  line.text = describe(event);
  return line;
}

EventLine line_of(const BrokerEvent& event) {
  EventLine line;
  concern(line, event.broker);
  line.reason = name_of(event.cause.reason);
  line.text = describe(event);
  return line;
}

std::string subject_of(const EventLine& line) {
  switch (line.kind) {
    case EventLine::Kind::kBroker:
      return line.brokers.empty() ? "-1" : fmt::format("{}", line.brokers.front().value());
    case EventLine::Kind::kPartition:
      return fmt::format("{}-{}", line.topic, line.partition);
    case EventLine::Kind::kGroups:
      return fmt::format("{}-{}/{}", line.topic, line.partition, line.partition_count);
  }
  return {};
}

template <typename Number>
bool read(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

bool read_subject(std::string_view text, EventLine& line) {
  if (line.kind == EventLine::Kind::kBroker) return true;
  if (line.kind == EventLine::Kind::kGroups) {
    const std::size_t slash = text.rfind('/');
    if (slash == std::string_view::npos) return false;
    if (!read(text.substr(slash + 1), line.partition_count)) return false;
    text = text.substr(0, slash);
  }
  const std::size_t dash = text.rfind('-');
  if (dash == std::string_view::npos || !read(text.substr(dash + 1), line.partition)) return false;
  line.topic = text.substr(0, dash);
  return line.kind == EventLine::Kind::kPartition || line.partition_count > 0;
}

bool read_brokers(std::string_view text, EventLine& line) {
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::int32_t broker = 0;
    if (!read(text.substr(0, comma), broker)) return false;
    line.brokers.emplace_back(broker);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return true;
}

}  // namespace

std::vector<EventLine> lines_of(const Event& event, std::int64_t time_ms, base::BrokerId teller) {
  std::vector<EventLine> lines = {std::visit([](const auto& one) { return line_of(one); }, event)};
  const auto* partition = std::get_if<PartitionEvent>(&event);
  if (partition != nullptr && has_moved(*partition)) {
    EventLine move = lines.front();
    move.kind = EventLine::Kind::kGroups;
    move.partition_count = partition->partition_count;
    move.text = describe_move(*partition);
    lines.push_back(std::move(move));
  }
  for (EventLine& line : lines) {
    line.time_ms = time_ms;
    line.teller = teller;
  }
  return lines;
}

std::string to_text(const EventLine& line) {
  const auto kind = std::ranges::find(kKinds, line.kind, &decltype(kKinds)::value_type::first);
  std::string brokers;
  for (const base::BrokerId broker : line.brokers) {
    brokers += fmt::format("{}{}", brokers.empty() ? "" : ",", broker.value());
  }
  return fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\n", line.time_ms, line.teller.value(),
                     kind->second, subject_of(line), brokers, line.reason, line.text);
}

std::optional<EventLine> parse_event_line(std::string_view text) {
  std::array<std::string_view, kFields> fields;
  for (std::size_t i = 0; i + 1 < kFields; ++i) {
    const std::size_t tab = text.find('\t');
    if (tab == std::string_view::npos) return std::nullopt;
    fields[i] = text.substr(0, tab);
    text.remove_prefix(tab + 1);
  }
  fields.back() = text;
  EventLine line;
  std::int32_t teller = 0;
  const auto kind = std::ranges::find(kKinds, fields[2], &decltype(kKinds)::value_type::second);
  if (!read(fields[0], line.time_ms) || !read(fields[1], teller) || kind == kKinds.end()) {
    return std::nullopt;
  }
  line.teller = base::BrokerId(teller);
  line.kind = kind->first;
  if (!read_subject(fields[3], line) || !read_brokers(fields[4], line)) return std::nullopt;
  line.reason = fields[5];
  line.text = fields[6];
  return line;
}

bool EventQuery::matches(const EventLine& line) const {
  if (!topic && !broker && !group) return true;
  if (topic && line.kind == EventLine::Kind::kPartition && line.topic == *topic) return true;
  if (broker && line.kind != EventLine::Kind::kGroups &&
      std::ranges::count(line.brokers, *broker) > 0) {
    return true;
  }
  return group && line.kind == EventLine::Kind::kGroups &&
         base::java_hash_partition(*group, line.partition_count) == line.partition;
}

}  // namespace odradek::metadata
