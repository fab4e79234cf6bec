// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "metadata/controller/events.h"

// Events as they are kept and shown: a line of text each, with what it is looked for by
// (docs/formats/events.md). Pure.
namespace odradek::metadata {

// In the metadata directory: the newest events, and the file before.
inline constexpr std::string_view kEventFile = "events.log";
inline constexpr std::string_view kOlderEventFile = "events.log.1";

struct EventLine {
  enum class Kind : std::uint8_t { kBroker, kPartition, kGroups };

  std::int64_t time_ms = 0;  // of the wall clock
  base::BrokerId teller;     // the controller that decided it
  Kind kind = Kind::kBroker;
  std::string topic;                    // of kPartition and kGroups
  std::int32_t partition = -1;          // the same
  std::int32_t partition_count = -1;    // of kGroups: how many the topic had
  std::vector<base::BrokerId> brokers;  // whose it is: the subject, the leaders, whoever caused it
  std::string reason;                   // name_of(Reason)
  std::string text;                     // a sentence

  friend bool operator==(const EventLine&, const EventLine&) = default;
};

// What an event is as lines: itself, and for a partition that groups are kept in and whose leader
// changed also that these groups moved.
std::vector<EventLine> lines_of(const Event& event, std::int64_t time_ms, base::BrokerId teller);

// With the line's end.
std::string to_text(const EventLine& line);
// Of a line without its end; nothing where it is none.
std::optional<EventLine> parse_event_line(std::string_view text);

// What is looked for; nothing set: everything.
struct EventQuery {
  std::optional<std::string> topic = {};
  std::optional<base::BrokerId> broker = {};
  std::optional<std::string> group = {};

  bool matches(const EventLine& line) const;
};
std::string to_text(const EventQuery& query);
// Nothing where the text is no query.
std::optional<EventQuery> parse_event_query(std::string_view text);

// The type of resource by which DescribeConfigs tells events: the resource's name is a query, and
// each entry's value a line. Apache Kafka has none of that number.
inline constexpr std::int8_t kEventResource = 100;

}  // namespace odradek::metadata
