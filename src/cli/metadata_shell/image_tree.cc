// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <span>

#include "base/java_double.h"
#include "cli/acls/acl_elements.h"
#include "cli/metadata_shell/metadata_image.h"
#include "metadata/feature_versions.h"

// The texts of the tree's files, as Kafka's classes print themselves.
namespace odradek::cli {
namespace {

constexpr std::array<std::string_view, 4> kProtocols = {"PLAINTEXT", "SSL", "SASL_PLAINTEXT",
                                                        "SASL_SSL"};
constexpr std::string_view kMetadataVersion = "metadata.version";

std::string_view name_in(std::span<const std::string_view> names, int number) {
  const auto index = static_cast<std::size_t>(number);
  return number >= 0 && index < names.size() ? names[index] : "UNKNOWN";
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}

std::string ids_text(const std::vector<base::BrokerId>& ids) {
  std::vector<std::string> parts;
  for (const base::BrokerId id : ids) parts.push_back(fmt::format("{}", id.value()));
  return "[" + joined(parts) + "]";
}

std::string uuids_text(const std::vector<base::Uuid>& ids) {
  std::vector<std::string> parts;
  for (const base::Uuid& id : ids) parts.push_back(id.to_string());
  return "[" + joined(parts) + "]";
}

std::string range_text(int min, int max) {
  if (min == max) return fmt::format("{}", min);
  return max == INT16_MAX ? fmt::format("{}+", min) : fmt::format("{}-{}", min, max);
}

template <typename Endpoint>
std::string listeners_text(std::vector<Endpoint> endpoints) {
  std::ranges::sort(endpoints, {}, &Endpoint::name);
  std::vector<std::string> parts;
  for (const Endpoint& endpoint : endpoints) {
    parts.push_back(fmt::format(
        "Endpoint(listenerName='{}', securityProtocol={}, host='{}', port={})", endpoint.name,
        name_in(kProtocols, endpoint.security_protocol), endpoint.host, endpoint.port));
  }
  return joined(parts);
}

template <typename Feature>
std::string features_text(std::vector<Feature> features) {
  std::ranges::sort(features, {}, &Feature::name);
  std::vector<std::string> parts;
  for (const Feature& feature : features) {
    parts.push_back(
        fmt::format("{}: {}", feature.name,
                    range_text(feature.min_supported_version, feature.max_supported_version)));
  }
  return joined(parts);
}

std::string broker_text(const wire::RegisterBrokerRecord& broker) {
  std::vector<base::Uuid> directories = broker.log_dirs;
  std::ranges::sort(directories);
  return fmt::format(
      "BrokerRegistration(id={}, epoch={}, incarnationId={}, listeners=[{}], "
      "supportedFeatures={{{}}}, rack={}, fenced={}, inControlledShutdown={}, "
      "isMigratingZkBroker={}, directories={}, cordonedDirectories={})",
      broker.broker_id.value(), broker.broker_epoch, broker.incarnation_id.to_string(),
      listeners_text(broker.end_points), features_text(broker.features),
      broker.rack ? fmt::format("Optional[{}]", *broker.rack) : "Optional.empty", broker.fenced,
      broker.in_controlled_shutdown, broker.is_migrating_zk_broker, uuids_text(directories),
      uuids_text(broker.cordoned_log_dirs.value_or(std::vector<base::Uuid>())));
}

std::string controller_text(const wire::RegisterControllerRecord& controller) {
  return fmt::format(
      "ControllerRegistration(id={}, incarnationId={}, zkMigrationReady={}, listeners=[{}], "
      "supportedFeatures={{{}}})",
      controller.controller_id.value(), controller.incarnation_id.to_string(),
      controller.zk_migration_ready, listeners_text(controller.end_points),
      features_text(controller.features));
}

std::string partition_text(const wire::PartitionRecord& partition) {
  const std::vector<base::BrokerId> none;
  return fmt::format(
      "PartitionRegistration(replicas={}, directories={}, isr={}, removingReplicas={}, "
      "addingReplicas={}, elr={}, lastKnownElr={}, leader={}, leaderRecoveryState={}, "
      "leaderEpoch={}, partitionEpoch={})",
      ids_text(partition.replicas), uuids_text(partition.directories), ids_text(partition.isr),
      ids_text(partition.removing_replicas), ids_text(partition.adding_replicas),
      ids_text(partition.eligible_leader_replicas.value_or(none)),
      ids_text(partition.last_known_elr.value_or(none)), partition.leader.value(),
      partition.leader_recovery_state == 0 ? "RECOVERED" : "RECOVERING",
      partition.leader_epoch.value(), partition.partition_epoch);
}

std::string acl_text(const wire::AccessControlEntryRecord& acl) {
  return fmt::format(
      "StandardAcl[resourceType={}, resourceName={}, patternType={}, principal={}, host={}, "
      "operation={}, permissionType={}]",
      to_text(AclResource{acl.resource_type}), acl.resource_name,
      to_text(AclPatternType{acl.pattern_type}), acl.principal, acl.host,
      to_text(AclOperation{acl.operation}), to_text(AclPermission{acl.permission_type}));
}

std::string hexadecimal(base::ByteView bytes) {
  std::string out;
  for (const std::uint8_t byte : bytes) out += fmt::format("{:02x}", byte);
  return out;
}

std::string credential_text(const wire::UserScramCredentialRecord& credential) {
  return fmt::format("ScramCredentialData(salt={}, storedKey={}, serverKey={}, iterations={})",
                     hexadecimal(credential.salt), hexadecimal(credential.stored_key),
                     hexadecimal(credential.server_key), credential.iterations);
}

std::string token_text(const wire::DelegationTokenRecord& token) {
  std::string renewers;
  for (const std::string& renewer : token.renewers) {
    renewers += (renewers.empty() ? "" : " ") + renewer;
  }
  return fmt::format(
      "DelegationTokenDatatokenId={}(owner={}(tokenRequester={}(renewers={}, issueTimestamp={}, "
      "maxTimestamp={}), expiryTimestamp={}",
      token.token_id, token.owner, token.requester, renewers, token.issue_timestamp,
      token.max_timestamp.value(), token.expiration_timestamp);
}

// ISO 8601 with as many digits of the second as it needs, and the zone's name.
std::string time_text(std::int64_t time_ms) {
  using namespace std::chrono;
  // The years 1 to 9999: a damaged record may say anything.
  constexpr std::int64_t kFirstMs = -62'135'596'800'000;
  constexpr std::int64_t kLastMs = 253'402'300'799'999;
  const sys_time<milliseconds> time{milliseconds(std::clamp(time_ms, kFirstMs, kLastMs))};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  std::string fraction;
  if (const auto ms = clock.subseconds().count(); ms != 0) {
    fraction = fmt::format(".{:03}", ms);
    while (fraction.ends_with('0')) fraction.pop_back();
  }
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z[UTC]", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     fraction);
}

}  // namespace

ShellNode ShellImage::features() const {
  ShellNode node;
  std::string version = "Optional.empty";
  for (const auto& [name, level] : features_) {
    if (name == kMetadataVersion) {
      const metadata::MetadataVersion* known = metadata::find_metadata_version(level);
      version = fmt::format("Optional[{}]", known == nullptr ? "UNKNOWN" : known->name);
    } else {
      node.add_file("finalized_" + name, fmt::format("{}", level));
    }
  }
  node.add_file("metadataVersion", version);
  return node;
}

ShellNode ShellImage::cluster() const {
  ShellNode node;
  ShellNode& brokers = node.directory("brokers");
  for (const auto& [id, broker] : brokers_) {
    brokers.add_file(fmt::format("{}", id), broker_text(broker));
  }
  ShellNode& controllers = node.directory("controllers");
  for (const auto& [id, controller] : controllers_) {
    controllers.add_file(fmt::format("{}", id), controller_text(controller));
  }
  return node;
}

ShellNode ShellImage::topics() const {
  ShellNode node;
  ShellNode& by_id = node.directory("byId");
  ShellNode& by_name = node.directory("byName");
  for (const auto& [id, topic] : topics_) {
    ShellNode& found = by_id.directory(id.to_string());
    found.add_file("id", id.to_string());
    found.add_file("name", topic.name);
    for (const auto& [index, partition] : topic.partitions) {
      found.add_file(fmt::format("{}", index), partition_text(partition));
    }
    by_name.children[topic.name] = found;
  }
  return node;
}

ShellNode ShellImage::scram() const {
  constexpr std::array<std::string_view, 3> kMechanisms = {"", "SCRAM-SHA-256", "SCRAM-SHA-512"};
  ShellNode node;
  for (std::int8_t mechanism = 1; mechanism <= 2; ++mechanism) {
    ShellNode& users =
        node.directory(std::string(kMechanisms[static_cast<std::size_t>(mechanism)]));
    const auto found = scram_.find(mechanism);
    if (found == scram_.end()) continue;
    for (const auto& [user, credential] : found->second) {
      users.add_file(user, credential_text(credential));
    }
  }
  return node;
}

ShellNode ShellImage::tree() const {
  ShellNode image;
  ShellNode& acls = image.directory("acls").directory("byId");
  for (const auto& [id, acl] : acls_) acls.add_file(id.to_string(), acl_text(acl));
  ShellNode& quotas = image.directory("clientQuotas");
  for (const auto& [entity, values] : quotas_) {
    for (const auto& [key, value] : values) {
      quotas.directory(entity).add_file(key, base::java_double(value));
    }
  }
  image.children["cluster"] = cluster();
  ShellNode& configs = image.directory("configs");
  for (const auto& [resource, values] : configs_) {
    for (const auto& [key, value] : values) configs.directory(resource).add_file(key, value);
  }
  ShellNode& tokens = image.directory("delegationToken");
  for (const auto& [id, token] : tokens_) tokens.add_file(id, token_text(token));
  image.children["features"] = features();
  image.directory("producerIds").add_file("nextProducerId", fmt::format("{}", next_producer_id_));
  image.add_file("provenance",
                 fmt::format("offset {}, epoch {}, time {}", offset_, epoch_, time_text(time_ms_)));
  image.children["scram"] = scram();
  image.children["topics"] = topics();
  return image;
}

}  // namespace odradek::cli
