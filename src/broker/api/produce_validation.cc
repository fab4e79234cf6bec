// SPDX-License-Identifier: Apache-2.0
#include "broker/api/produce_validation.h"

#include <utility>

namespace odradek::broker::api {
namespace {

record::ValidationOptions options_of(const log::LogConfig& config, const Services& services) {
  record::ValidationOptions options;
  options.now = services.world.clock().wall();
  options.timestamp_type = config.timestamp_is_log_append_time
                               ? record::TimestampType::kLogAppendTime
                               : record::TimestampType::kCreateTime;
  options.timestamp_before_max_ms = config.timestamp_before_max_ms;
  options.timestamp_after_max_ms = config.timestamp_after_max_ms;
  options.is_compacted = config.cleanup_compact;
  options.max_message_bytes = config.max_message_bytes;
  options.max_decompressed_bytes = config.max_decompressed_message_bytes;
  return options;
}

}  // namespace

base::Result<ProducedBatch> validate_produced(
    const base::SharedBytes& records, const log::LogConfig& config, wire::Version version,
    const Services& services,
    std::vector<wire::ProduceResponse::BatchIndexAndErrorMessage>& record_errors) {
  const record::ValidationOptions options = options_of(config, services);
  auto valid = record::validate_produced(records, version, options);
  if (valid) {
    return ProducedBatch{std::move(valid->bytes),
                         config.timestamp_is_log_append_time ? options.now : base::kNoTimestamp};
  }
  for (record::RecordError& error : valid.error().record_errors) {
    record_errors.push_back({error.batch_index, std::move(error.message)});
  }
  return base::fail(std::move(valid.error().error));
}

}  // namespace odradek::broker::api
