// SPDX-License-Identifier: Apache-2.0
#include "metadata/snapshot_clients.h"

#include <memory>
#include <utility>

namespace odradek::metadata {
namespace {

// The map's entries in the order of their keys: equal images have equal snapshots.
template <typename Key, typename Value, typename Hash>
std::map<Key, std::shared_ptr<const Value>> sorted(
    const base::SharedMap<Key, Value, Hash>& entries) {
  std::map<Key, std::shared_ptr<const Value>> by_key;
  entries.for_each([&by_key](const Key& key, const auto& value) { by_key.emplace(key, value); });
  return by_key;
}

void add_quotas(const ClusterImage& image, std::vector<MetadataRecord>& records) {
  for (const auto& [entity, quotas] : sorted(image.client_quotas)) {
    for (const auto& [key, value] : *quotas) {
      wire::ClientQuotaRecord record = to_record(entity, key);
      record.value = value;
      records.emplace_back(std::move(record));
    }
  }
}

void add_credentials(const ClusterImage& image, std::vector<MetadataRecord>& records) {
  for (const auto& [user, credentials] : sorted(image.scram_credentials)) {
    for (const auto& [mechanism, credential] : *credentials) {
      wire::UserScramCredentialRecord record;
      record.name = user;
      record.mechanism = static_cast<std::int8_t>(mechanism);
      record.salt = credential.salt;
      record.stored_key = credential.stored_key;
      record.server_key = credential.server_key;
      record.iterations = credential.iterations;
      records.emplace_back(std::move(record));
    }
  }
}

void add_access(const ClusterImage& image, std::vector<MetadataRecord>& records) {
  for (const auto& [id, entry] : sorted(image.access_control_entries)) {
    wire::AccessControlEntryRecord record;
    record.id = id;
    record.resource_type = entry->resource_type;
    record.resource_name = entry->resource_name;
    record.pattern_type = entry->pattern_type;
    record.principal = entry->principal;
    record.host = entry->host;
    record.operation = entry->operation;
    record.permission_type = entry->permission_type;
    records.emplace_back(std::move(record));
  }
}

void add_tokens(const ClusterImage& image, std::vector<MetadataRecord>& records) {
  for (const auto& [id, token] : sorted(image.delegation_tokens)) {
    wire::DelegationTokenRecord record;
    record.owner = token->owner;
    record.requester = token->requester;
    record.renewers = token->renewers;
    record.issue_timestamp = token->issue_timestamp;
    record.max_timestamp = token->max_timestamp;
    record.expiration_timestamp = token->expiration_timestamp;
    record.token_id = id;
    records.emplace_back(std::move(record));
  }
}

}  // namespace

wire::ClientQuotaRecord to_record(const QuotaEntity& entity, const std::string& key) {
  wire::ClientQuotaRecord record;
  for (const auto& [type, name] : entity) record.entity.push_back({type, name});
  record.key = key;
  return record;
}

void add_client_records(const ClusterImage& image, std::vector<MetadataRecord>& records) {
  add_quotas(image, records);
  add_credentials(image, records);
  add_access(image, records);
  add_tokens(image, records);
}

}  // namespace odradek::metadata
