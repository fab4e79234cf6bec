// SPDX-License-Identifier: Apache-2.0
#include "cli/kafka/client.h"

#include <fmt/core.h>
#include <strings.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "cli/admin/admin.h"
#include "cli/admin/error_text.h"
#include "wire/messages/init_producer_id.h"

namespace odradek::cli {
namespace {

constexpr std::int32_t kTransactionTimeoutMs = 60'000;

// What librdkafka has another name for.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kRenamed = {{
    {"retries", "message.send.max.retries"},
    {"delivery.timeout.ms", "message.timeout.ms"},
    {"send.buffer.bytes", "socket.send.buffer.bytes"},
    {"receive.buffer.bytes", "socket.receive.buffer.bytes"},
    {"fetch.max.wait.ms", "fetch.wait.max.ms"},
    {"max.request.size", "message.max.bytes"},
    {"compression.gzip.level", "compression.level"},
    {"compression.lz4.level", "compression.level"},
    {"compression.zstd.level", "compression.level"},
    {"ssl.truststore.location", "ssl.ca.location"},
}};

// What only a Java client has, or what changes nothing for a command.
constexpr std::array<std::string_view, 31> kJavaOnly = {
    "auto.include.jmx.reporter",
    "client.dns.lookup",
    "config.providers",
    "default.api.timeout.ms",
    "enable.metrics.push",
    "exclude.internal.topics",
    "group.remote.assignor",
    "interceptor.classes",
    "internal.throw.on.fetch.stable.offset.unsupported",
    "key.deserializer",
    "key.serializer",
    "max.block.ms",
    "max.poll.records",
    "metadata.max.idle.ms",
    "metadata.recovery.rebootstrap.trigger.ms",
    "metadata.recovery.strategy",
    "metric.reporters",
    "metrics.num.samples",
    "metrics.recording.level",
    "metrics.sample.window.ms",
    "partitioner.adaptive.partitioning.enable",
    "partitioner.availability.timeout.ms",
    "retry.backoff.max.ms",
    "security.providers",
    "socket.connection.setup.timeout.max.ms",
    "ssl.engine.factory.class",
    "ssl.keymanager.algorithm",
    "ssl.protocol",
    "ssl.trustmanager.algorithm",
    "value.deserializer",
    "value.serializer",
};

void on_error(rd_kafka_t*, int, const char* reason, void* opaque) {
  static_cast<ClientEvents*>(opaque)->last_error = reason;
}

void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  auto* events = static_cast<ClientEvents*>(opaque);
  if (events->delivered != nullptr) events->delivered(*message, events->context);
}

void on_rebalance(rd_kafka_t* handle, rd_kafka_resp_err_t what,
                  rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  auto* events = static_cast<ClientEvents*>(opaque);
  events->rebalanced(handle, what, partitions, events->context);
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

bool is_class(std::string_view name, std::string_view of) {
  return name == of || name.ends_with(std::string(".").append(of));
}

// What the configuration asks for and is not there. Empty: nothing.
std::string missing_feature(const ClientConfig& config) {
  const auto value = [&](std::string_view key) {
    const auto found = config.find(key);
    return found == config.end() ? std::string() : found->second;
  };
  const std::string protocol = value("group.protocol");
  if (!protocol.empty() && ::strcasecmp(protocol.c_str(), "classic") != 0) {
    return fmt::format("group.protocol={}: only classic is there", protocol);
  }
  const std::string partitioner = value("partitioner.class");
  if (!partitioner.empty() && !is_class(partitioner, "DefaultPartitioner") &&
      !is_class(partitioner, "UniformStickyPartitioner")) {
    return fmt::format("partitioner.class={}: there is no JVM here", partitioner);
  }
  return {};
}

bool is_secured(const ClientConfig& config) {
  const auto protocol = config.find("security.protocol");
  return protocol != config.end() && protocol->second != "PLAINTEXT";
}

base::Result<std::unique_ptr<Admin>> connect(const ClientConfig& config, env::Duration timeout) {
  const auto list = config.find("bootstrap.servers");
  auto servers = parse_servers(list == config.end() ? "" : list->second);
  if (!servers) return base::fail(std::move(servers));
  return Admin::connect(*servers, {}, timeout);
}

// A value under librdkafka's name of it.
std::string translated_value(std::string_view key, const std::string& value) {
  if (key == "auto.offset.reset" && value == "none") return "error";
  if (key == "partition.assignment.strategy") return assignors(value);
  return value;
}

// KIP-679: a producer is idempotent unless its settings ask for what then cannot be.
bool can_be_idempotent(const ClientConfig& config) {
  constexpr int kMaxInFlight = 5;
  const auto value = [&](std::string_view key, std::string otherwise) {
    const auto found = config.find(key);
    return found == config.end() ? otherwise : found->second;
  };
  const std::string acks = value("acks", value("request.required.acks", "all"));
  const std::string in_flight = value("max.in.flight.requests.per.connection", "1");
  int requests = 0;
  std::from_chars(in_flight.data(), in_flight.data() + in_flight.size(), requests);
  return (acks == "all" || acks == "-1") && value("message.send.max.retries", "1") != "0" &&
         requests <= kMaxInFlight;
}

// What the Java producer does unless told otherwise, where librdkafka's default is another.
void set_java_defaults(ClientConfig& out) {
  out.try_emplace("linger.ms", "5");
  out.try_emplace("batch.size", "16384");
  out.try_emplace("queue.buffering.max.kbytes", "32768");
  out.try_emplace("message.max.bytes", "1048576");
  // Records are bounded in bytes only.
  out.try_emplace("queue.buffering.max.messages", "10000000");
  out.try_emplace("batch.num.messages", "1000000");
  // Keys land where the Java producer puts them.
  out.try_emplace("partitioner", "murmur2_random");
  out.try_emplace("enable.idempotence", can_be_idempotent(out) ? "true" : "false");
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
    } else if (key == "partitioner.class" || key == "partitioner.ignore.keys" ||
               key == "group.protocol") {
      continue;  // see missing_feature() and StickyPartition
    } else if (renamed != kRenamed.end()) {
      out[std::string(renamed->second)] = value;
    } else {
      out[key] = translated_value(key, value);
    }
  }
  if (type == RD_KAFKA_PRODUCER) set_java_defaults(out);
  if (type == RD_KAFKA_CONSUMER) out.try_emplace("allow.auto.create.topics", "true");
  return out;
}

base::Result<RdKafkaHandle> make_client(rd_kafka_type_t type, const ClientConfig& config,
                                        ClientEvents& events, UnknownKeys unknown) {
  if (const std::string missing = missing_feature(config); !missing.empty()) {
    return base::fail(base::ErrorCode::kInvalidConfig, missing);
  }
  if (auto loaded = load_rdkafka(); !loaded) return base::fail(std::move(loaded));
  std::array<char, 512> reason{};
  rd_kafka_conf_t* conf = rdkafka().conf_new();
  rdkafka().conf_set_opaque(conf, &events);
  rdkafka().conf_set_error_cb(conf, on_error);
  rdkafka().conf_set_log_cb(conf, on_log);
  if (type == RD_KAFKA_PRODUCER) rdkafka().conf_set_dr_msg_cb(conf, on_delivery);
  if (events.rebalanced != nullptr) rdkafka().conf_set_rebalance_cb(conf, on_rebalance);
  for (const auto& [key, value] : translated(type, config)) {
    const auto set =
        rdkafka().conf_set(conf, key.c_str(), value.c_str(), reason.data(), reason.size());
    if (set == RD_KAFKA_CONF_UNKNOWN && unknown == UnknownKeys::kSaid) {
      fmt::print(stderr, "warning: no client knows the setting {}: it changes nothing\n", key);
    } else if (set != RD_KAFKA_CONF_OK) {
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
  if (is_secured(config)) return {};
  auto admin = connect(config, timeout);
  if (!admin) return base::fail(std::move(admin));
  return {};
}

base::Result<> check_transactions(const ClientConfig& config, env::Duration timeout) {
  const auto id = config.find("transactional.id");
  if (id == config.end() || is_secured(config)) return {};
  auto admin = connect(config, timeout);
  if (!admin) return base::fail(std::move(admin));
  wire::InitProducerIdRequest request;
  request.transactional_id = id->second;
  request.transaction_timeout_ms = kTransactionTimeoutMs;
  auto answer = (*admin)->ask<wire::InitProducerIdResponse>(std::move(request));
  if (!answer) return base::fail(std::move(answer));
  // The next one to ask is another client, which may wait.
  if (answer->error_code == base::ErrorCode::kNone || base::is_retriable(answer->error_code)) {
    return {};
  }
  return base::fail(answer->error_code, fmt::format("transactional.id={}: {}", id->second,
                                                    error_text(answer->error_code, std::nullopt)));
}

}  // namespace odradek::cli
