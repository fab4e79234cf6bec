// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "wire/codec.h"
#include "wire/json.h"
#include "wire/reader.h"

// Which message a record type's number stands for. Private to records/.
namespace odradek::cli {

// Decodes the body of one message and prints it; the reader stands behind it then.
using BodyAsJson = base::Result<std::string> (*)(wire::Reader& reader, wire::Version version,
                                                 const wire::BytesAsJson& bytes_as_json);

template <typename Message>
base::Result<std::string> body_as_json(wire::Reader& reader, wire::Version version,
                                       const wire::BytesAsJson& bytes_as_json) {
  auto message = wire::decode_as<Message>(reader, version);
  if (!message) return base::fail(std::move(message));
  return wire::to_json(*message, version, bytes_as_json);
}

struct RecordType {
  std::int16_t type;
  BodyAsJson key;
  BodyAsJson value;
  const wire::MessageLayout& (*value_layout)();
};

template <typename Key, typename Value>
RecordType record_type() {
  static_assert(Key::kType == Value::kType);
  return {Key::kType, body_as_json<Key>, body_as_json<Value>, Value::layout};
}

inline const RecordType* find_type(std::span<const RecordType> table, std::int16_t type) {
  const auto found = std::ranges::find(table, type, &RecordType::type);
  return found == table.end() ? nullptr : &*found;
}

}  // namespace odradek::cli
