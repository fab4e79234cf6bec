// SPDX-License-Identifier: Apache-2.0
#include "broker/controller/events_page.h"

#include "broker/controller/event_log.h"
#include "metadata/controller/event_line.h"

namespace odradek::broker {

net::http::Response events_page(const EventLog& events, std::string_view query) {
  const auto parsed = metadata::parse_event_query(query);
  if (!parsed) return {.status = 400, .body = "try /events?topic=NAME, ?broker=ID, ?group=ID\n"};
  return {.body = events.find(*parsed)};
}

}  // namespace odradek::broker
