// SPDX-License-Identifier: Apache-2.0
#include "cli/kafka/client.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "cli/admin/admin.h"

namespace odradek::cli {
namespace {

// What librdkafka has another name for.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kRenamed = {{
    {"retries", "message.send.max.retries"},
    {"delivery.timeout.ms", "message.timeout.ms"},
    {"send.buffer.bytes", "socket.send.buffer.bytes"},
    {"receive.buffer.bytes", "socket.receive.buffer.bytes"},
    {"fetch.max.wait.ms", "fetch.wait.max.ms"},
    {"ssl.truststore.location", "ssl.ca.location"},
}};

// What only a Java client has, or what changes nothing for a command.
constexpr std::array<std::string_view, 19> kJavaOnly = {"key.serializer",
                                                        "value.serializer",
                                                        "key.deserializer",
                                                        "value.deserializer",
                                                        "interceptor.classes",
                                                        "metric.reporters",
                                                        "metrics.num.samples",
                                                        "metrics.sample.window.ms",
                                                        "metrics.recording.level",
                                                        "max.block.ms",
                                                        "default.api.timeout.ms",
                                                        "max.poll.records",
                                                        "exclude.internal.topics",
                                                        "client.dns.lookup.strategy",
                                                        "enable.metrics.push",
                                                        "group.protocol",
                                                        "group.remote.assignor",
                                                        "auto.include.jmx.reporter",
                                                        "metadata.recovery.strategy"};

void on_error(rd_kafka_t*, int, const char* reason, void* opaque) {
  static_cast<ClientEvents*>(opaque)->last_error = reason;
}

void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  auto* events = static_cast<ClientEvents*>(opaque);
  if (events->delivered != nullptr) events->delivered(*message, events->context);
}

// What goes wrong is reported where it stops a command, not as it happens.
void on_log(const rd_kafka_t*, int, const char*, const char*) {}

std::string assignors(std::string_view classes) {
  std::string names;
  const auto add = [&](std::string_view part, std::string_view name) {
    if (classes.find(part) == std::string_view::npos) return;
    if (!names.empty()) names += ',';
    names += name;
  };
  add("CooperativeSticky", "cooperative-sticky");
  if (names.empty()) {
    add("RangeAssignor", "range");
    add("RoundRobin", "roundrobin");
  }
  return names.empty() ? std::string(classes) : names;
}

// Kafka bounds the memory of a producer in bytes, librdkafka its queue in KiB.
std::string kibibytes(const std::string& bytes) {
  std::int64_t number = 0;
  std::from_chars(bytes.data(), bytes.data() + bytes.size(), number);
  return fmt::format("{}", std::max<std::int64_t>(1, number / 1024));
}

}  // namespace

ClientConfig translated(rd_kafka_type_t type, const ClientConfig& config) {
  ClientConfig out;
  for (const auto& [key, value] : config) {
    if (std::ranges::count(kJavaOnly, key) > 0) continue;
    const auto renamed =
        std::ranges::find(kRenamed, key, &std::pair<std::string_view, std::string_view>::first);
    if (key == "buffer.memory") {
      out["queue.buffering.max.kbytes"] = kibibytes(value);
    } else if (key == "partition.assignment.strategy") {
      out[key] = assignors(value);
    } else if (renamed != kRenamed.end()) {
      out[std::string(renamed->second)] = value;
    } else {
      out[key] = value;
    }
  }
  // Keys land where the Java producer puts them.
  if (type == RD_KAFKA_PRODUCER) out.try_emplace("partitioner", "murmur2_random");
  if (type == RD_KAFKA_CONSUMER) out.try_emplace("allow.auto.create.topics", "true");
  return out;
}

base::Result<RdKafkaHandle> make_client(rd_kafka_type_t type, const ClientConfig& config,
                                        ClientEvents& events) {
  if (auto loaded = load_rdkafka(); !loaded) return base::fail(std::move(loaded));
  std::array<char, 512> reason{};
  rd_kafka_conf_t* conf = rdkafka().conf_new();
  rdkafka().conf_set_opaque(conf, &events);
  rdkafka().conf_set_error_cb(conf, on_error);
  rdkafka().conf_set_log_cb(conf, on_log);
  if (type == RD_KAFKA_PRODUCER) rdkafka().conf_set_dr_msg_cb(conf, on_delivery);
  for (const auto& [key, value] : translated(type, config)) {
    if (rdkafka().conf_set(conf, key.c_str(), value.c_str(), reason.data(), reason.size()) !=
        RD_KAFKA_CONF_OK) {
      rdkafka().conf_destroy(conf);
      return base::fail(base::ErrorCode::kInvalidConfig,
                        fmt::format("{}={}: {}", key, value, reason.data()));
    }
  }
  RdKafkaHandle handle(rdkafka().create(type, conf, reason.data(), reason.size()));
  if (handle != nullptr) return handle;
  rdkafka().conf_destroy(conf);
  return base::fail(base::ErrorCode::kInvalidConfig, reason.data());
}

base::Result<> check_reachable(const ClientConfig& config, env::Duration timeout) {
  const auto protocol = config.find("security.protocol");
  if (protocol != config.end() && protocol->second != "PLAINTEXT") return {};
  const auto list = config.find("bootstrap.servers");
  auto servers = parse_servers(list == config.end() ? "" : list->second);
  if (!servers) return base::fail(std::move(servers));
  auto admin = Admin::connect(*servers, {}, timeout);
  if (!admin) return base::fail(std::move(admin));
  return {};
}

}  // namespace odradek::cli
