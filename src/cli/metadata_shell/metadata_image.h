// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/uuid.h"
#include "cli/metadata_shell/shell_node.h"
#include "env/disk.h"
#include "wire/records/metadata.h"

namespace odradek::cli {

// What a log of metadata records says in the end, with everything that Kafka's shell shows of it.
// Not the image that a controller works with: that one keeps what it needs, this one what there is.
class ShellImage {
 public:
  // The value of one record. CORRUPT_MESSAGE where it is none; a type that is not known is skipped.
  [[nodiscard]] base::Result<> replay(base::ByteView value);
  // Where the last batch lies that was replayed.
  void set_provenance(std::int64_t offset, std::int32_t epoch, std::int64_t time_ms);
  // The tree "image".
  ShellNode tree() const;

 private:
  struct Topic {
    std::string name;
    std::map<std::int32_t, wire::PartitionRecord> partitions;
  };
  using Quotas = std::map<std::string, double>;

  void apply(const wire::RegisterBrokerRecord& record) {
    brokers_[record.broker_id.value()] = record;
  }
  void apply(const wire::UnregisterBrokerRecord& record) {
    brokers_.erase(record.broker_id.value());
  }
  void apply(const wire::RegisterControllerRecord& record) {
    controllers_[record.controller_id.value()] = record;
  }
  void apply(const wire::UnregisterControllerRecord& record) {
    controllers_.erase(record.controller_id.value());
  }
  void apply(const wire::FenceBrokerRecord& record) { set_fenced(record.id, true); }
  void apply(const wire::UnfenceBrokerRecord& record) { set_fenced(record.id, false); }
  void apply(const wire::BrokerRegistrationChangeRecord& record);
  void apply(const wire::TopicRecord& record) { topics_[record.topic_id].name = record.name; }
  void apply(const wire::RemoveTopicRecord& record);
  void apply(const wire::PartitionRecord& record);
  void apply(const wire::PartitionChangeRecord& record);
  void apply(const wire::ClearElrRecord& record);
  void apply(const wire::ConfigRecord& record);
  void apply(const wire::FeatureLevelRecord& record);
  void apply(const wire::ClientQuotaRecord& record);
  void apply(const wire::ProducerIdsRecord& record) {
    next_producer_id_ = record.next_producer_id.value();
  }
  void apply(const wire::AccessControlEntryRecord& record) { acls_[record.id] = record; }
  void apply(const wire::RemoveAccessControlEntryRecord& record) { acls_.erase(record.id); }
  void apply(const wire::UserScramCredentialRecord& record) {
    scram_[record.mechanism][record.name] = record;
  }
  void apply(const wire::RemoveUserScramCredentialRecord& record) {
    scram_[record.mechanism].erase(record.name);
  }
  void apply(const wire::DelegationTokenRecord& record) { tokens_[record.token_id] = record; }
  void apply(const wire::RemoveDelegationTokenRecord& record) { tokens_.erase(record.token_id); }
  template <typename Record>
  base::Result<> replay_as(base::ByteView body, wire::Version version);
  base::Result<> replay_record(std::int16_t type, wire::Version version, base::ByteView body);
  void set_fenced(std::int32_t broker, bool fenced);

  ShellNode features() const;
  ShellNode cluster() const;
  ShellNode topics() const;
  ShellNode scram() const;

  std::map<std::int32_t, wire::RegisterBrokerRecord> brokers_;
  std::map<std::int32_t, wire::RegisterControllerRecord> controllers_;
  std::map<base::Uuid, Topic> topics_;
  std::map<std::string, std::map<std::string, std::string>> configs_;
  std::map<std::string, std::int16_t> features_;
  std::map<std::string, Quotas> quotas_;
  std::map<base::Uuid, wire::AccessControlEntryRecord> acls_;
  std::map<std::int8_t, std::map<std::string, wire::UserScramCredentialRecord>> scram_;
  std::map<std::string, wire::DelegationTokenRecord> tokens_;
  std::int64_t next_producer_id_ = -1;
  std::int64_t offset_ = -1;
  std::int32_t epoch_ = -1;
  std::int64_t time_ms_ = -1;
  // Of a transaction of records that did not end yet.
  std::optional<std::vector<std::vector<std::uint8_t>>> pending_;
};

// Replays a file (.log, .checkpoint), or of a directory the newest snapshot and the segments behind
// it. A record that cannot be read is said on stderr and skipped; a batch that cannot ends it with
// CORRUPT_MESSAGE.
[[nodiscard]] base::Result<ShellImage> load_shell_image(env::Disk& disk, const std::string& path);

}  // namespace odradek::cli
