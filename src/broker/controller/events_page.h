// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "net/http/http_server.h"

namespace odradek::broker {

class EventLog;

// GET /events?topic=NAME, ?broker=ID, ?group=ID, several of them or none: the lines of the event
// log (docs/formats/events.md) that match any. 400 says what is wrong with a query.
net::http::Response events_page(const EventLog& events, std::string_view query);

}  // namespace odradek::broker
