// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/records/metadata.h"

// The records of the metadata log: KRaft's own, each framed by a frame version, its type and its
// version (docs/formats/ metadata-log.md).
namespace odradek::metadata {

using MetadataRecord = std::variant<
    wire::RegisterBrokerRecord, wire::UnregisterBrokerRecord, wire::TopicRecord,
    wire::PartitionRecord, wire::ConfigRecord, wire::PartitionChangeRecord, wire::FenceBrokerRecord,
    wire::UnfenceBrokerRecord, wire::RemoveTopicRecord, wire::DelegationTokenRecord,
    wire::UserScramCredentialRecord, wire::FeatureLevelRecord, wire::ClientQuotaRecord,
    wire::ProducerIdsRecord, wire::BrokerRegistrationChangeRecord, wire::AccessControlEntryRecord,
    wire::RemoveAccessControlEntryRecord, wire::NoOpRecord, wire::ZkMigrationStateRecord,
    wire::RemoveUserScramCredentialRecord, wire::BeginTransactionRecord, wire::EndTransactionRecord,
    wire::AbortTransactionRecord, wire::RemoveDelegationTokenRecord, wire::RegisterControllerRecord,
    wire::ClearElrRecord, wire::UnregisterControllerRecord>;

// In the version that metadata.version 30 (4.3) writes.
[[nodiscard]] base::SharedBytes encode_record(const MetadataRecord& record);

// CORRUPT_MESSAGE for bytes that are no record; UNSUPPORTED_VERSION for a type or a version that is
// not known here, because a newer Kafka wrote it.
[[nodiscard]] base::Result<MetadataRecord> decode_record(const base::SharedBytes& bytes);

}  // namespace odradek::metadata
