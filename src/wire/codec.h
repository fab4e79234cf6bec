// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "wire/layout.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace odradek::wire {

// Writes the message of `layout` at `message` as `version`. An error (INVALID_REQUEST; the writer's
// content is then of no use) where the version is not one of the message's
// (UNSUPPORTED_VERSION), where a field that this version cannot carry is neither ignorable nor
// at its default, where a field is null in a version that does not allow it, or where a string or
// an array is too long.
[[nodiscard]] base::Result<> encode_message(const MessageLayout& layout, const void* message,
                                            Writer& writer, Version version);

// Reads the message of `layout` into `message`, which must be freshly constructed. Fields that the
// version does not carry keep their defaults; unknown tagged fields are skipped. On an error
// (UNSUPPORTED_VERSION, else the reader's code) the sentence names the message, its version and the
// field; the reader has failed, too. What follows the message is left unread: see
// Reader::expect_end.
[[nodiscard]] base::Result<> decode_message(const MessageLayout& layout, void* message,
                                            Reader& reader, Version version);

// `Message` as decoded from `reader`; see decode_message.
template <typename Message>
[[nodiscard]] base::Result<Message> decode_as(Reader& reader, Version version) {
  Message message;
  if (auto decoded = decode_message(Message::layout(), &message, reader, version); !decoded)
    return base::fail(std::move(decoded));
  return message;
}

}  // namespace odradek::wire
