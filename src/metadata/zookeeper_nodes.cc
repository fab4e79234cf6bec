// SPDX-License-Identifier: Apache-2.0
#include "metadata/zookeeper_nodes.h"

#include <fmt/core.h>

#include <array>
#include <cctype>
#include <utility>

#include "metadata/zookeeper_view.h"
#include "wire/json.h"

namespace odradek::metadata {
namespace {

// Writes one object, field after field. Values are JSON already, but for texts.
class Object {
 public:
  Object& field(std::string_view name, const std::string& value) {
    if (text_.size() > 1) text_ += ',';
    wire::append_json_string(text_, name);
    text_ += ':';
    text_ += value;
    return *this;
  }
  Object& field(std::string_view name, std::int64_t number) {
    return field(name, std::to_string(number));
  }
  Object& text(std::string_view name, std::string_view value) {
    return field(name, wire::json_string(value));
  }
  std::string take() { return std::move(text_) + "}"; }

 private:
  std::string text_ = "{";
};

template <typename List, typename ToJson>
std::string array(const List& list, ToJson to_json) {
  std::string text = "[";
  for (const auto& element : list) {
    if (text.size() > 1) text += ',';
    text += to_json(element);
  }
  return text + "]";
}

std::string brokers(const std::vector<base::BrokerId>& list) {
  return array(list, [](base::BrokerId id) { return std::to_string(id.value()); });
}

// Of the partitions that have any, when `only_some`.
std::string by_partition(const TopicImage& topic,
                         std::vector<base::BrokerId> PartitionImage::* replicas, bool only_some) {
  Object object;
  for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
    const auto& list = topic.partitions[i].*replicas;
    if (only_some && list.empty()) continue;
    object.field(std::to_string(i), brokers(list));
  }
  return object.take();
}

// By their numbers (KIP-11).
constexpr std::array<std::string_view, 8> kResourceTypes = {
    "", "", "Topic", "Group", "Cluster", "TransactionalId", "DelegationToken", "User"};
constexpr std::array<std::string_view, 15> kOperations = {"Unknown",
                                                          "Any",
                                                          "All",
                                                          "Read",
                                                          "Write",
                                                          "Create",
                                                          "Delete",
                                                          "Alter",
                                                          "Describe",
                                                          "ClusterAction",
                                                          "DescribeConfigs",
                                                          "AlterConfigs",
                                                          "IdempotentWrite",
                                                          "CreateTokens",
                                                          "DescribeTokens"};

template <std::size_t kSize>
std::string_view name_in(const std::array<std::string_view, kSize>& names, std::int8_t number) {
  const auto index = static_cast<std::size_t>(number);
  return number >= 0 && index < kSize ? names[index] : std::string_view{};
}

constexpr std::array<std::string_view, 4> kProtocols = {"PLAINTEXT", "SSL", "SASL_PLAINTEXT",
                                                        "SASL_SSL"};

std::string_view protocol_of(const EndpointImage& endpoint) {
  return name_in(kProtocols, static_cast<std::int8_t>(endpoint.security_protocol));
}

std::string connection_string(const EndpointImage& endpoint) {
  const bool is_v6 = endpoint.host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", endpoint.listener, is_v6 ? "[" : "", endpoint.host,
                     is_v6 ? "]" : "", endpoint.port);
}

std::string supported_features_of(const BrokerImage& broker) {
  Object features;
  for (const auto& [name, range] : broker.supported_features) {
    features.field(
        name, Object().field("min_version", range.first).field("max_version", range.second).take());
  }
  return features.take();
}

}  // namespace

std::string topic_node(const TopicImage& topic) {
  return Object()
      .field("partitions", by_partition(topic, &PartitionImage::replicas, false))
      .text("topic_id", topic.id.to_string())
      .field("adding_replicas", by_partition(topic, &PartitionImage::adding_replicas, true))
      .field("removing_replicas", by_partition(topic, &PartitionImage::removing_replicas, true))
      .field("version", 3)
      .take();
}

std::string partition_state_node(const PartitionImage& partition, std::int32_t controller_epoch) {
  Object object;
  object.field("controller_epoch", controller_epoch)
      .field("leader", partition.leader.value())
      .field("version", 1);
  if (partition.leader_recovery_state != 0) {
    object.field("leader_recovery_state", partition.leader_recovery_state);
  }
  return object.field("leader_epoch", partition.leader_epoch.value())
      .field("isr", brokers(partition.in_sync_replicas))
      .take();
}

std::string config_node(const std::map<std::string, std::string>& config) {
  Object values;
  for (const auto& [key, value] : config) values.text(key, value);
  return Object().field("version", 1).field("config", values.take()).take();
}

std::string feature_node(const std::map<std::string, std::int16_t>& features) {
  Object levels;
  for (const auto& [name, level] : features) {
    levels.field(name, Object().field("max_version_level", level).take());
  }
  return Object().field("features", levels.take()).field("version", 2).field("status", 1).take();
}

std::string access_control_node(const std::vector<const AccessControlEntryImage*>& entries) {
  constexpr std::int8_t kDeny = 2;
  const auto to_json = [](const AccessControlEntryImage* entry) {
    return Object()
        .text("principal", entry->principal)
        .text("permissionType", entry->permission_type == kDeny ? "Deny" : "Allow")
        .text("operation", name_in(kOperations, entry->operation))
        .text("host", entry->host)
        .take();
  };
  return Object().field("version", 1).field("acls", array(entries, to_json)).take();
}

std::string sanitized(std::string_view name) {
  std::string text;
  for (const char character : name) {
    const auto byte = static_cast<unsigned char>(character);
    if (std::isalnum(byte) != 0 || character == '.' || character == '_' || character == '-') {
      text += character;
    } else {
      text += fmt::format("%{:02X}", byte);
    }
  }
  return text;
}

std::string_view resource_type_name(std::int8_t type) { return name_in(kResourceTypes, type); }

std::string broker_id_node(const BrokerImage& broker, std::int64_t timestamp_ms) {
  const EndpointImage* plaintext = nullptr;
  Object protocols;
  for (const EndpointImage& endpoint : broker.endpoints) {
    if (plaintext == nullptr && endpoint.security_protocol == 0) plaintext = &endpoint;
    protocols.text(endpoint.listener, protocol_of(endpoint));
  }
  const auto endpoint_json = [](const EndpointImage& endpoint) {
    return wire::json_string(connection_string(endpoint));
  };
  Object object;
  object.field("features", supported_features_of(broker))
      .field("listener_security_protocol_map", protocols.take())
      .field("endpoints", array(broker.endpoints, endpoint_json));
  if (broker.rack) object.text("rack", *broker.rack);
  return object.field("jmx_port", -1)
      .field("port", plaintext == nullptr ? -1 : plaintext->port)
      .field("host", plaintext == nullptr ? "null" : wire::json_string(plaintext->host))
      .field("version", 5)
      .text("timestamp", std::to_string(timestamp_ms))
      .take();
}

std::string controller_node(base::BrokerId broker, std::int64_t timestamp_ms) {
  return Object()
      .field("version", 2)
      .field("brokerid", broker.value())
      .text("timestamp", std::to_string(timestamp_ms))
      .field("kraftControllerEpoch", -1)
      .take();
}

std::string controller_epoch_node(std::int32_t epoch) { return std::to_string(epoch); }

std::string cluster_id_node(std::string_view cluster_id) {
  return Object().text("version", "1").text("id", cluster_id).take();
}

}  // namespace odradek::metadata
