// SPDX-License-Identifier: Apache-2.0
#include "cli/records/record_frame.h"

#include <fmt/core.h>

namespace odradek::cli {
namespace {

constexpr std::int16_t kFrameVersion = 1;

std::unexpected<base::Error> corrupt(std::string message) {
  return base::fail(base::ErrorCode::kCorruptMessage, std::move(message));
}

base::Result<std::int16_t> read_short(wire::Reader& reader, const char* what) {
  const std::uint32_t number = reader.read_unsigned_varint();
  if (!reader.ok()) return corrupt(fmt::format("Error while reading {}", what));
  if (number > INT16_MAX) return corrupt(fmt::format("Value for {} was too large.", what));
  return static_cast<std::int16_t>(number);
}

base::Result<RecordFrame> read_frame(wire::Reader& reader) {
  const auto frame = read_short(reader, "frame version");
  if (!frame) return base::fail(frame.error());
  if (*frame == 0) {
    return corrupt(
        "Could not deserialize metadata record with frame version 0. Note that upgrades from the "
        "preview release of KRaft in 2.8 to newer versions are not supported.");
  }
  if (*frame != kFrameVersion) {
    return corrupt(
        fmt::format("Could not deserialize metadata record due to unknown frame version {}(only "
                    "frame version {} is supported)",
                    *frame, kFrameVersion));
  }
  const auto type = read_short(reader, "type");
  if (!type) return base::fail(type.error());
  const auto version = read_short(reader, "version");
  if (!version) return base::fail(version.error());
  return RecordFrame{*type, *version};
}

}  // namespace

base::Result<std::string> read_framed(
    wire::Reader& reader,
    const std::function<base::Result<std::string>(const RecordFrame&)>& read_body) {
  const auto frame = read_frame(reader);
  if (!frame) return base::fail(frame.error());
  auto body = read_body(*frame);
  if (!body) {
    if (body.error().code == base::ErrorCode::kUnsupportedVersion && reader.ok()) {
      return corrupt(body.error().message);
    }
    return corrupt(fmt::format("Failed to deserialize record with type {}", frame->type));
  }
  if (reader.remaining() > 0) {
    return corrupt(
        fmt::format("Found {} byte(s) of garbage after {}", reader.remaining(), frame->type));
  }
  return body;
}

std::unexpected<base::Error> unknown_record_type(std::int16_t type) {
  return base::fail(
      base::ErrorCode::kUnsupportedVersion,
      fmt::format("org.apache.kafka.common.errors.UnsupportedVersionException: Unknown metadata id "
                  "{}",
                  type));
}

}  // namespace odradek::cli
