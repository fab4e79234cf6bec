// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <utility>

#include "metadata/image_builder.h"

namespace odradek::metadata {
namespace {

// A copy of the value to change; empty where there is none.
template <typename Map, typename Key>
auto copy_of(const Map& map, const Key& key) {
  const auto& present = map.find(key);
  using Value = std::remove_cvref_t<decltype(*present)>;
  return present == nullptr ? Value{} : *present;
}

// Puts the value in, or takes the key out where nothing is left.
template <typename Map, typename Key, typename Value>
void put(Map& map, const Key& key, Value value) {
  if (value.empty()) {
    map.erase(key);
  } else {
    map.set(key, std::make_shared<const Value>(std::move(value)));
  }
}

// Apart from the batch or request that the record came in, which would be kept with it.
base::SharedBytes own(const base::SharedBytes& bytes) {
  return base::SharedBytes::copy(bytes.view());
}

}  // namespace

base::Result<> ImageBuilder::on(const wire::ClientQuotaRecord& record) {
  delta_.clients_changed = true;
  QuotaEntity entity;
  for (const auto& part : record.entity) entity[part.entity_type] = part.entity_name;
  QuotaMap quotas = copy_of(next_.client_quotas, entity);
  if (record.remove) {
    quotas.erase(record.key);
  } else {
    quotas[record.key] = record.value;
  }
  put(next_.client_quotas, entity, std::move(quotas));
  return {};
}

base::Result<> ImageBuilder::on(const wire::UserScramCredentialRecord& record) {
  delta_.clients_changed = true;
  ScramCredentials credentials = copy_of(next_.scram_credentials, record.name);
  credentials[static_cast<ScramMechanism>(record.mechanism)] = {
      own(record.salt), own(record.stored_key), own(record.server_key), record.iterations};
  put(next_.scram_credentials, record.name, std::move(credentials));
  return {};
}

base::Result<> ImageBuilder::on(const wire::RemoveUserScramCredentialRecord& record) {
  delta_.clients_changed = true;
  ScramCredentials credentials = copy_of(next_.scram_credentials, record.name);
  credentials.erase(static_cast<ScramMechanism>(record.mechanism));
  put(next_.scram_credentials, record.name, std::move(credentials));
  return {};
}

base::Result<> ImageBuilder::on(const wire::AccessControlEntryRecord& record) {
  delta_.access_changed = true;
  AccessControlEntryImage entry;
  entry.resource_type = record.resource_type;
  entry.resource_name = record.resource_name;
  entry.pattern_type = record.pattern_type;
  entry.principal = record.principal;
  entry.host = record.host;
  entry.operation = record.operation;
  entry.permission_type = record.permission_type;
  next_.access_control_entries.set(
      record.id, std::make_shared<const AccessControlEntryImage>(std::move(entry)));
  return {};
}

base::Result<> ImageBuilder::on(const wire::RemoveAccessControlEntryRecord& record) {
  delta_.access_changed = true;
  next_.access_control_entries.erase(record.id);
  return {};
}

base::Result<> ImageBuilder::on(const wire::DelegationTokenRecord& record) {
  DelegationTokenImage token;
  token.owner = record.owner;
  token.requester = record.requester;
  token.renewers = record.renewers;
  token.issue_timestamp = record.issue_timestamp;
  token.max_timestamp = record.max_timestamp;
  token.expiration_timestamp = record.expiration_timestamp;
  next_.delegation_tokens.set(record.token_id,
                              std::make_shared<const DelegationTokenImage>(std::move(token)));
  return {};
}

base::Result<> ImageBuilder::on(const wire::RemoveDelegationTokenRecord& record) {
  next_.delegation_tokens.erase(record.token_id);
  return {};
}

}  // namespace odradek::metadata
