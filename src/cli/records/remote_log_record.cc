// SPDX-License-Identifier: Apache-2.0
#include "cli/records/remote_log_record.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "cli/records/record_frame.h"
#include "wire/codec.h"
#include "wire/records/remote.h"

namespace odradek::cli {
namespace {

constexpr std::array<std::string_view, 4> kSegmentStates = {
    "COPY_SEGMENT_STARTED", "COPY_SEGMENT_FINISHED", "DELETE_SEGMENT_STARTED",
    "DELETE_SEGMENT_FINISHED"};
constexpr std::array<std::string_view, 3> kPartitionStates = {
    "DELETE_PARTITION_MARKED", "DELETE_PARTITION_STARTED", "DELETE_PARTITION_FINISHED"};

std::string_view name_in(std::span<const std::string_view> names, std::int8_t number) {
  return number >= 0 && static_cast<std::size_t>(number) < names.size()
             ? names[static_cast<std::size_t>(number)]
             : "null";
}

template <typename Entry>
std::string partition_text(const Entry& entry) {
  return fmt::format("{}:{}-{}", entry.id.to_string(), entry.name, entry.partition);
}

template <typename Entry>
std::string segment_id_text(const Entry& entry) {
  return fmt::format("RemoteLogSegmentId{{topicIdPartition={}, id={}}}",
                     partition_text(entry.topic_id_partition), entry.id.to_string());
}

template <typename Bytes>
std::string custom_metadata_text(const std::optional<Bytes>& bytes) {
  if (!bytes) return "Optional.empty";
  return fmt::format("Optional[CustomMetadata{{{} bytes}}]", bytes->size());
}

// The last entry of an epoch counts.
template <typename Entry>
std::string leader_epochs_text(const std::vector<Entry>& entries) {
  std::map<std::int32_t, std::int64_t> epochs;
  for (const Entry& entry : entries) {
    epochs[entry.leader_epoch.value()] = entry.offset.value();
  }
  std::string out;
  for (const auto& [epoch, offset] : epochs) {
    out += fmt::format("{}{}={}", out.empty() ? "" : ", ", epoch, offset);
  }
  return "{" + out + "}";
}

std::string record_text(const wire::RemoteLogSegmentMetadataRecord& record) {
  return fmt::format(
      "RemoteLogSegmentMetadata{{remoteLogSegmentId={}, startOffset={}, endOffset={}, brokerId={}, "
      "maxTimestampMs={}, eventTimestampMs={}, segmentLeaderEpochs={}, segmentSizeInBytes={}, "
      "customMetadata={}, state={}, txnIdxEmpty={}}}",
      segment_id_text(record.remote_log_segment_id), record.start_offset.value(),
      record.end_offset.value(), record.broker_id.value(), record.max_timestamp_ms,
      record.event_timestamp_ms, leader_epochs_text(record.segment_leader_epochs),
      record.segment_size_in_bytes, custom_metadata_text(record.custom_metadata),
      name_in(kSegmentStates, record.remote_log_segment_state), record.txn_index_empty);
}

std::string record_text(const wire::RemoteLogSegmentMetadataUpdateRecord& record) {
  return fmt::format(
      "RemoteLogSegmentMetadataUpdate{{remoteLogSegmentId={}, customMetadata={}, state={}, "
      "eventTimestampMs={}, brokerId={}}}",
      segment_id_text(record.remote_log_segment_id), custom_metadata_text(record.custom_metadata),
      name_in(kSegmentStates, record.remote_log_segment_state), record.event_timestamp_ms,
      record.broker_id.value());
}

std::string record_text(const wire::RemotePartitionDeleteMetadataRecord& record) {
  return fmt::format(
      "RemotePartitionDeleteMetadata{{topicPartition={}, state={}, eventTimestampMs={}, "
      "brokerId={}}}",
      partition_text(record.topic_id_partition),
      name_in(kPartitionStates, record.remote_partition_delete_state), record.event_timestamp_ms,
      record.broker_id.value());
}

std::string record_text(const wire::RemoteLogSegmentMetadataSnapshotRecord& record) {
  return fmt::format(
      "RemoteLogSegmentMetadataSnapshot{{segmentId={}, startOffset={}, endOffset={}, "
      "maxTimestampMs={}, segmentLeaderEpochs={}, segmentSizeInBytes={}, customMetadata={}, "
      "state={}, txnIdxEmpty={}}}",
      record.segment_id.to_string(), record.start_offset.value(), record.end_offset.value(),
      record.max_timestamp_ms, leader_epochs_text(record.segment_leader_epochs),
      record.segment_size_in_bytes, custom_metadata_text(record.custom_metadata),
      name_in(kSegmentStates, record.remote_log_segment_state), record.txn_index_empty);
}

template <typename Message>
base::Result<std::string> decoded_text(wire::Reader& reader, wire::Version version) {
  const auto message = wire::decode_as<Message>(reader, version);
  if (!message) return base::fail(message.error());
  return record_text(*message);
}

}  // namespace

base::Result<std::string> remote_log_record_text(base::ByteView value) {
  wire::Reader reader(base::SharedBytes::copy(value), base::ErrorCode::kCorruptMessage);
  return read_framed(reader, [&](const RecordFrame& frame) -> base::Result<std::string> {
    using namespace wire;
    switch (frame.type) {
      case RemoteLogSegmentMetadataRecord::kType:
        return decoded_text<RemoteLogSegmentMetadataRecord>(reader, frame.version);
      case RemoteLogSegmentMetadataUpdateRecord::kType:
        return decoded_text<RemoteLogSegmentMetadataUpdateRecord>(reader, frame.version);
      case RemotePartitionDeleteMetadataRecord::kType:
        return decoded_text<RemotePartitionDeleteMetadataRecord>(reader, frame.version);
      case RemoteLogSegmentMetadataSnapshotRecord::kType:
        return decoded_text<RemoteLogSegmentMetadataSnapshotRecord>(reader, frame.version);
      default:
        return unknown_record_type(frame.type);
    }
  });
}

}  // namespace odradek::cli
