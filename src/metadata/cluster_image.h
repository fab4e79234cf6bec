// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/shared_map.h"
#include "base/uuid.h"
#include "metadata/client_image.h"

// The cluster as the metadata log says it is up to one offset. Immutable: readers hold a pointer
// and need no lock.
namespace odradek::metadata {

struct PartitionImage {
  std::vector<base::BrokerId> replicas;
  std::vector<base::Uuid> directories;  // one for each replica (KIP-858)
  std::vector<base::BrokerId> in_sync_replicas;
  std::vector<base::BrokerId> removing_replicas;
  std::vector<base::BrokerId> adding_replicas;
  std::vector<base::BrokerId> eligible_leader_replicas;
  std::vector<base::BrokerId> last_known_eligible_leader_replicas;
  base::BrokerId leader = base::kNoBroker;
  std::int8_t leader_recovery_state = 0;
  base::LeaderEpoch leader_epoch{0};
  std::int32_t partition_epoch = 0;

  friend bool operator==(const PartitionImage&, const PartitionImage&) = default;
};

struct TopicImage {
  std::string name;
  base::TopicId id;
  std::vector<PartitionImage> partitions;  // by partition index

  bool has_partition(std::int32_t index) const {
    return index >= 0 && static_cast<std::size_t>(index) < partitions.size();
  }
};

struct EndpointImage {
  std::string listener;
  std::string host;
  std::uint16_t port = 0;
  std::int16_t security_protocol =
      0;  // Kafka's number: 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL
};

struct BrokerImage {
  base::BrokerId id = base::kNoBroker;
  std::int64_t epoch = -1;
  base::Uuid incarnation_id;
  std::vector<EndpointImage> endpoints;
  std::vector<base::Uuid> log_directories;
  // Of these, those that take no new partitions (KIP-1066).
  std::vector<base::Uuid> cordoned_log_directories;
  std::map<std::string, std::pair<std::int16_t, std::int16_t>> supported_features;
  std::optional<std::string> rack;
  bool fenced = true;
  bool in_controlled_shutdown = false;
};

// A member of a KRaft quorum, as it registered.
struct ControllerImage {
  base::Uuid incarnation_id;
  bool zk_migration_ready = false;
  std::vector<EndpointImage> endpoints;
  std::map<std::string, std::pair<std::int16_t, std::int16_t>> supported_features;
};

// Kafka's numbers of config resource types.
enum class ConfigResourceType : std::int8_t {
  kTopic = 2,
  kBroker = 4,
  kBrokerLogger = 8,
  kClientMetrics = 16,
  kGroup = 32,
};

struct ConfigResource {
  ConfigResourceType type = ConfigResourceType::kTopic;
  std::string name;  // of a broker: its id, empty for the cluster's default
  friend auto operator<=>(const ConfigResource&, const ConfigResource&) = default;
};

using ConfigMap = std::map<std::string, std::string, std::less<>>;

class ClusterImage {
 public:
  // Null when there is none.
  const std::shared_ptr<const TopicImage>& find_topic(const std::string& name) const {
    return topics_by_name.find(name);
  }
  const std::shared_ptr<const TopicImage>& find_topic(const base::TopicId& id) const {
    return topics_by_id.find(id);
  }
  // Null when the resource has no configuration of its own.
  const ConfigMap* find_config(ConfigResourceType type, const std::string& name) const;
  const BrokerImage* find_broker(base::BrokerId id) const;

  // The metadata log's offset after the last record that this image has, and its epoch.
  base::Offset end_offset{0};
  base::LeaderEpoch epoch{0};

  base::SharedMap<std::string, TopicImage> topics_by_name;
  base::SharedMap<base::TopicId, TopicImage> topics_by_id;
  std::map<base::BrokerId, std::shared_ptr<const BrokerImage>> brokers;
  std::map<ConfigResource, std::shared_ptr<const ConfigMap>> configs;
  std::map<std::string, std::int16_t> features;  // finalized levels
  base::ProducerId next_producer_id{0};

  base::SharedMap<QuotaEntity, QuotaMap, QuotaEntityHash> client_quotas;
  base::SharedMap<std::string, ScramCredentials> scram_credentials;  // by user
  // Nothing here decides by these yet; Apache Kafka may have logged them, and finds them again.
  base::SharedMap<base::Uuid, AccessControlEntryImage> access_control_entries;
  base::SharedMap<std::string, DelegationTokenImage> delegation_tokens;  // by token id
  std::map<base::BrokerId, std::shared_ptr<const ControllerImage>> controllers;
};

}  // namespace odradek::metadata
