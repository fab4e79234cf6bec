// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/topic_partition.h"
#include "cli/output/value.h"

// JSON that people give to commands, in files or on the command line.
namespace odradek::cli {

// INVALID_REQUEST with the line and the column where `text` is not JSON.
[[nodiscard]] base::Result<Value> parse_json(std::string_view text);

// What a value has to be, else an INVALID_REQUEST in Kafka's words. Pointers live as long as
// `value`.
[[nodiscard]] base::Result<const Object*> as_object(const Value& value);
[[nodiscard]] base::Result<const List*> as_list(const Value& value);
[[nodiscard]] base::Result<std::int64_t> as_int64(const Value& value);
[[nodiscard]] base::Result<std::int32_t> as_int32(const Value& value);
[[nodiscard]] base::Result<std::string> as_string(const Value& value);

// The member of an object; nullptr where it has none of that name.
const Value* find_member(const Object& object, std::string_view name);
// The same of a member that has to be there.
[[nodiscard]] base::Result<std::int64_t> int64_member(const Object& object, std::string_view name);
[[nodiscard]] base::Result<std::int32_t> int32_member(const Object& object, std::string_view name);
[[nodiscard]] base::Result<std::string> string_member(const Object& object, std::string_view name);
// {"topic": …, "partition": …}
[[nodiscard]] base::Result<base::TopicPartition> partition_members(const Object& object);

}  // namespace odradek::cli
