// SPDX-License-Identifier: Apache-2.0
#include "quorum/zookeeper/layout.h"

#include <fmt/core.h>

#include <charconv>

namespace odradek::quorum::zookeeper {
namespace {

constexpr std::size_t kDigits = 20;

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// The value of a field of a flat JSON object, without quotes: what stands in these nodes needs no
// more.
std::optional<std::string_view> json_field(std::string_view text, std::string_view name) {
  const std::string key = fmt::format("\"{}\"", name);
  std::size_t at = text.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  at = text.find_first_not_of(" \t\r\n:", at + key.size());
  if (at == std::string_view::npos) return std::nullopt;
  const bool is_quoted = text[at] == '"';
  if (is_quoted) ++at;
  const std::size_t end = text.find_first_of(is_quoted ? "\"" : " \t\r\n,}", at);
  if (end == std::string_view::npos) return std::nullopt;
  return text.substr(at, end - at);
}

template <typename Number>
std::optional<Number> json_number(std::string_view text, std::string_view name) {
  const auto field = json_field(text, name);
  return field ? parse_number<Number>(*field) : std::nullopt;
}

}  // namespace

std::string change_path(base::Offset offset) {
  return fmt::format("{}/{:020}", path::kChanges, offset.value());
}

std::optional<base::Offset> parse_change_name(std::string_view name) {
  const auto number =
      name.size() == kDigits ? parse_number<std::int64_t>(name) : std::optional<std::int64_t>();
  if (!number || *number < 0) return std::nullopt;
  return base::Offset(*number);
}

std::string snapshot_name(const Position& position) {
  return fmt::format("{:020}-{:010}", position.end_offset.value(), position.epoch.value());
}
std::string snapshot_path(const Position& position) {
  return fmt::format("{}/{}", path::kSnapshots, snapshot_name(position));
}
std::string chunk_path(const Position& position, int chunk) {
  return fmt::format("{}/{:05}", snapshot_path(position), chunk);
}
std::string broker_path(base::BrokerId broker) {
  return fmt::format("{}/{}", path::kBrokerIds, broker.value());
}
std::string identity_path(base::BrokerId broker) {
  return fmt::format("{}/{}", path::kIdentities, broker.value());
}

base::SharedBytes to_bytes(std::string_view text) {
  return base::SharedBytes::copy(base::as_bytes(text));
}

base::SharedBytes encode(const SnapshotPointer& pointer) {
  return to_bytes(
      fmt::format(R"({{"version":1,"end_offset":{},"epoch":{},"chunks":{},"timestamp":{}}})",
                  pointer.position.end_offset.value(), pointer.position.epoch.value(),
                  pointer.chunks, pointer.timestamp.value()));
}

std::optional<SnapshotPointer> parse_snapshot_pointer(base::ByteView bytes) {
  const std::string_view text = base::as_text(bytes);
  const auto end_offset = json_number<std::int64_t>(text, "end_offset");
  const auto epoch = json_number<std::int32_t>(text, "epoch");
  const auto chunks = json_number<int>(text, "chunks");
  const auto timestamp = json_number<std::int64_t>(text, "timestamp");
  if (!end_offset || !epoch || !chunks || !timestamp) return std::nullopt;
  return SnapshotPointer{
      {base::Offset(*end_offset), base::LeaderEpoch(*epoch)}, *chunks, base::Timestamp(*timestamp)};
}

base::SharedBytes controller_text(base::BrokerId broker, base::Timestamp now) {
  return to_bytes(
      fmt::format(R"({{"version":2,"brokerid":{},"timestamp":"{}","kraftControllerEpoch":-1}})",
                  broker.value(), now.value()));
}

std::optional<base::BrokerId> parse_controller(base::ByteView text) {
  const auto id = json_number<std::int32_t>(base::as_text(text), "brokerid");
  if (!id) return std::nullopt;
  return base::BrokerId(*id);
}

std::optional<std::int32_t> parse_epoch(base::ByteView text) {
  return parse_number<std::int32_t>(base::as_text(text));
}

base::SharedBytes origin_text(base::BrokerId broker, std::string_view directory_id) {
  return to_bytes(fmt::format(R"({{"version":1,"broker":{},"directory_id":"{}"}})", broker.value(),
                              directory_id));
}
base::SharedBytes new_origin_text() { return to_bytes(R"({"version":1})"); }

base::SharedBytes cluster_id_text(std::string_view id) {
  return to_bytes(fmt::format(R"({{"version":"1","id":"{}"}})", id));
}

std::optional<std::string> parse_cluster_id(base::ByteView text) {
  const auto id = json_field(base::as_text(text), "id");
  if (!id || id->empty()) return std::nullopt;
  return std::string(*id);
}

}  // namespace odradek::quorum::zookeeper
