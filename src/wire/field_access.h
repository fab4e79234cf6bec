// SPDX-License-Identifier: Apache-2.0
#pragma once

// How encode.cc, decode.cc and json.cc reach into structures of which they know only the layout.

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

#include "base/result.h"
#include "wire/layout.h"

namespace odradek::wire {

inline const std::uint8_t* at(const void* structure, const FieldLayout& field) {
  return static_cast<const std::uint8_t*>(structure) + field.offset;
}
inline std::uint8_t* at(void* structure, const FieldLayout& field) {
  return static_cast<std::uint8_t*>(structure) + field.offset;
}

// Strong ids have the representation of their number, so fields are read and written as numbers.
template <typename Number>
Number load(const void* place) {
  Number number;
  std::memcpy(&number, place, sizeof(Number));
  return number;
}
template <typename Number>
void store(void* place, Number number) {
  std::memcpy(place, &number, sizeof(Number));
}

// The value of a string, bytes or records field; nullptr: null.
template <typename Value>
const Value* value_of(const FieldLayout& field, const void* place) {
  if (!field.nullable) return static_cast<const Value*>(place);
  const auto& optional = *static_cast<const std::optional<Value>*>(place);
  return optional ? &*optional : nullptr;
}
// The same field's value to be set, not null any more.
template <typename Value>
Value& mutable_value(const FieldLayout& field, void* place) {
  if (!field.nullable) return *static_cast<Value*>(place);
  return static_cast<std::optional<Value>*>(place)->emplace();
}

// Whether the field holds what a reader assumes where it is missing.
bool is_default(const FieldLayout& field, const void* place);

// A nullable structure begins with a byte: 1, or this for null. Kafka's generated code writes null
// in one way for plain fields and in another for those with a tag.
inline std::int8_t null_marker(const FieldLayout& field) { return field.tag >= 0 ? 0 : -1; }

// Puts `step`, a field's name or "[index]", in front of the path to where an error happened.
inline void prepend_step(std::string& path, std::string step) {
  if (!path.empty() && path.front() != '[') step += '.';
  path.insert(0, step);
}

// The error of a message that is asked for in a version that it does not have.
base::Error unsupported_version(const MessageLayout& layout, Version version);
// `sentence`, with the message, its version and the path to the field in front.
std::string describe_failure(const MessageLayout& layout, Version version, const std::string& path,
                             const std::string& sentence);

}  // namespace odradek::wire
