// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "wire/layout.h"

// Messages as JSON text, in the form in which Kafka's tools print them (kafka-dump-log, the
// formatters of kafka-console-consumer): names in camel case, fields in the order of their
// definition, uuids as base64url, bytes as base64, no white space.
namespace odradek::wire {

// What a field of bytes is printed as instead, as JSON; nothing: base64. `field` has its name in
// the definition.
using BytesAsJson =
    std::function<std::optional<std::string>(std::string_view field, base::ByteView bytes)>;

// The message of `layout` at `message`, as `version` carries it: fields of other versions are left
// out, and those with a tag where they are at their default. Of records only the size is said.
std::string to_json(const MessageLayout& layout, const void* message, Version version,
                    const BytesAsJson& bytes_as_json = {});
template <typename Message>
std::string to_json(const Message& message, Version version,
                    const BytesAsJson& bytes_as_json = {}) {
  return to_json(Message::layout(), &message, version, bytes_as_json);
}

// Appends `text`, which is UTF-8, as a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);
std::string json_string(std::string_view text);

}  // namespace odradek::wire
