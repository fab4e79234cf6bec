// SPDX-License-Identifier: Apache-2.0
#include "broker/api/produce_validation.h"

#include <cstddef>
#include <optional>
#include <utility>

#include "log/topic_codec.h"
#include "record/reencode.h"

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

// The codec that the topic keeps the batch in, where that is not the batch's own: only then is it
// encoded anew, whatever its level was.
std::optional<record::Codec> other_codec(const record::BatchHeader& batch,
                                         const log::LogConfig& config) {
  return config.codec == batch.codec() ? std::nullopt : config.codec;
}

base::Result<base::SharedBytes> in_topics_codec(base::SharedBytes bytes,
                                                const log::LogConfig& config,
                                                const record::ValidationOptions& options) {
  const auto batch = record::BatchView::parse(bytes.view());
  if (!batch) return std::unexpected(batch.error());
  const auto codec = other_codec(*batch, config);
  if (!codec) return bytes;
  return record::reencode(*batch, {.codec = *codec,
                                   .level = log::compression_level(config, *codec),
                                   .timestamp_type = options.timestamp_type,
                                   .now = options.now,
                                   .max_message_bytes = options.max_message_bytes,
                                   .max_decompressed_bytes = options.max_decompressed_bytes});
}

}  // namespace

bool takes_long(const base::SharedBytes& records, const log::LogConfig& config,
                wire::Version version) {
  if (!config.codec) return false;
  const auto batch = record::single_batch(records.view(), version);
  if (!batch || !other_codec(*batch, config)) return false;
  // A millisecond of the slowest codec's default level; what a compressed one holds nobody knows.
  constexpr std::size_t kShort = 16 * 1024;
  return batch->codec() != record::Codec::kNone || batch->total_size() > kShort;
}

base::Result<ProducedBatch> validate_produced(
    const base::SharedBytes& records, const log::LogConfig& config, wire::Version version,
    const Services& services,
    std::vector<wire::ProduceResponse::BatchIndexAndErrorMessage>& record_errors) {
  const record::ValidationOptions options = options_of(config, services);
  auto valid = record::validate_produced(records, version, options);
  if (valid) {
    auto bytes = in_topics_codec(std::move(valid->bytes), config, options);
    if (!bytes) return base::fail(std::move(bytes));
    return ProducedBatch{*std::move(bytes),
                         config.timestamp_is_log_append_time ? options.now : base::kNoTimestamp};
  }
  for (record::RecordError& error : valid.error().record_errors) {
    record_errors.push_back({error.batch_index, std::move(error.message)});
  }
  return base::fail(std::move(valid.error().error));
}

}  // namespace odradek::broker::api
