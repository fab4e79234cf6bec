// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "wire/api_key.h"
#include "wire/layout.h"
#include "wire/version.h"

namespace odradek::wire {

// One row of the table of all APIs that the schema knows, whether this server offers them or not.
struct ApiDescription {
  ApiKey key;
  std::string_view name;
  Version min_version;
  Version max_version;            // the newest that the schema knows
  Version latest_stable_version;  // the newest that is offered
  Version first_flexible_version;
  bool on_broker;  // Kafka's listener types
  bool on_controller;
  const MessageLayout& (*request)();
  const MessageLayout& (*response)();

  bool knows(Version version) const { return min_version <= version && version <= max_version; }
  bool flexible(Version version) const { return version >= first_flexible_version; }
  // Which RequestHeader stands before a request of this version.
  Version request_header_version(Version version) const { return flexible(version) ? 2 : 1; }
  // Which ResponseHeader stands before its response. ApiVersions' is always the first one, because
  // a client reads it before it knows what the server speaks.
  Version response_header_version(Version version) const {
    return flexible(version) && key != ApiKey::kApiVersions ? 1 : 0;
  }
};

// All APIs, by key.
std::span<const ApiDescription> all_apis();
// Nullptr: no API has this key.
const ApiDescription* find_api(std::int16_t key);
// REQUIRES: `key` is one of the enumerators.
const ApiDescription& describe_api(ApiKey key);

// A message that code handles without knowing its type: for fuzzing, cross-checks and dumps.
struct MessageType {
  std::string_view name;
  std::string_view kind;  // request, response, header, data, record, key or value
  std::int16_t number;    // API key or record type; -1: none
  const MessageLayout& (*layout)();
  void* (*create)();  // a fresh message, to be given to `destroy`
  void (*destroy)(void* message);
};

// Every message and record of the schema.
std::span<const MessageType> all_message_types();

}  // namespace odradek::wire
