// SPDX-License-Identifier: Apache-2.0
#include "cli/json/json_reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <boost/json/src.hpp>

namespace odradek::cli {
namespace {

namespace json = boost::json;

std::unexpected<base::Error> bad(std::string message) {
  return base::fail(base::ErrorCode::kInvalidRequest, std::move(message));
}

Value value_of(const json::value& parsed) {
  switch (parsed.kind()) {
    case json::kind::null:
      return {};
    case json::kind::bool_:
      return parsed.get_bool();
    case json::kind::int64:
      return parsed.get_int64();
    case json::kind::uint64:
      // Beyond what any field here can hold.
      return static_cast<double>(parsed.get_uint64());
    case json::kind::double_:
      return parsed.get_double();
    case json::kind::string:
      return std::string(parsed.get_string());
    case json::kind::array: {
      List list;
      for (const json::value& element : parsed.get_array()) list.push_back(value_of(element));
      return list;
    }
    case json::kind::object: {
      Object object;
      for (const auto& member : parsed.get_object()) {
        object.emplace_back(std::string(member.key()), value_of(member.value()));
      }
      return object;
    }
  }
  return {};
}

std::string one_line_json(const Value& value) { return to_json(value, JsonLayout::kOneLine); }

std::unexpected<base::Error> unexpected_value(std::string_view expected, const Value& value) {
  return bad(fmt::format("Expected `{}` value, received {}", expected, one_line_json(value)));
}

base::Result<const Value*> member(const Object& object, std::string_view name) {
  if (const Value* found = find_member(object, name)) return found;
  return bad(fmt::format("No such field exists: `{}`", name));
}

}  // namespace

base::Result<Value> parse_json(std::string_view text) {
  json::stream_parser parser;
  json::error_code error;
  const std::size_t read = parser.write_some(text.data(), text.size(), error);
  if (!error && read == text.size()) parser.finish(error);
  if (error || read < text.size()) {
    const std::string_view before = text.substr(0, read);
    const auto line = std::ranges::count(before, '\n') + 1;
    const auto column = before.size() - (before.rfind('\n') + 1) + 1;
    return bad(fmt::format("This is not JSON: line {}, column {}: {}", line, column,
                           error ? error.message() : "more text behind its end"));
  }
  return value_of(parser.release());
}

base::Result<const Object*> as_object(const Value& value) {
  if (const auto* object = std::get_if<Object>(&value.data())) return object;
  return bad(fmt::format("Expected JSON object, received {}", one_line_json(value)));
}

base::Result<const List*> as_list(const Value& value) {
  if (const auto* list = std::get_if<List>(&value.data())) return list;
  return bad(fmt::format("Expected JSON array, received {}", one_line_json(value)));
}

base::Result<std::int64_t> as_int64(const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value.data())) return *number;
  return unexpected_value("Long", value);
}

base::Result<std::int32_t> as_int32(const Value& value) {
  const auto* number = std::get_if<std::int64_t>(&value.data());
  if (number != nullptr && *number >= INT32_MIN && *number <= INT32_MAX) {
    return static_cast<std::int32_t>(*number);
  }
  return unexpected_value("Integer", value);
}

base::Result<std::string> as_string(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value.data())) return *text;
  return unexpected_value("String", value);
}

const Value* find_member(const Object& object, std::string_view name) {
  // Of several the last counts, as for Kafka.
  const auto found =
      std::ranges::find(object.rbegin(), object.rend(), name, &Object::value_type::first);
  return found == object.rend() ? nullptr : &found->second;
}

base::Result<std::int64_t> int64_member(const Object& object, std::string_view name) {
  const auto found = member(object, name);
  if (!found) return base::fail(found.error());
  return as_int64(**found);
}

base::Result<std::int32_t> int32_member(const Object& object, std::string_view name) {
  const auto found = member(object, name);
  if (!found) return base::fail(found.error());
  return as_int32(**found);
}

base::Result<std::string> string_member(const Object& object, std::string_view name) {
  const auto found = member(object, name);
  if (!found) return base::fail(found.error());
  return as_string(**found);
}

base::Result<base::TopicPartition> partition_members(const Object& object) {
  auto topic = string_member(object, "topic");
  if (!topic) return base::fail(std::move(topic));
  const auto partition = int32_member(object, "partition");
  if (!partition) return base::fail(partition.error());
  return base::TopicPartition{*std::move(topic), *partition};
}

}  // namespace odradek::cli
