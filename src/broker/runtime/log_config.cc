// SPDX-License-Identifier: Apache-2.0
#include "broker/runtime/log_config.h"

#include <algorithm>

#include "config/topic_config.h"
#include "config/value.h"

namespace odradek::broker {
namespace {

class TopicValues {
 public:
  TopicValues(const config::Settings& settings, const metadata::ConfigMap* overrides)
      : settings_(settings), overrides_(overrides) {}

  // Topics' values are kept as they were given, white space included.
  std::string text(std::string_view key) const {
    return std::string(config::trim(config::topic_value(settings_, overrides_, key)));
  }
  // What is stored and is no number gives way to what holds without it.
  std::int64_t number(std::string_view key) const {
    if (const auto own = config::parse_whole(text(key))) return *own;
    return config::parse_whole(inherited(key)).value_or(0);
  }
  std::int32_t small(std::string_view key) const { return static_cast<std::int32_t>(number(key)); }
  double ratio(std::string_view key) const {
    if (const auto own = config::parse_ratio(text(key))) return *own;
    return config::parse_ratio(inherited(key)).value_or(0);
  }
  bool flag(std::string_view key) const {
    const std::string word = text(key);
    return !word.empty() && (word[0] == 't' || word[0] == 'T');
  }

 private:
  std::string inherited(std::string_view key) const {
    return config::topic_default(settings_, key).value_or("");
  }

  const config::Settings& settings_;
  const metadata::ConfigMap* overrides_;
};

// Nothing: what producers send stays as it is.
std::optional<record::Codec> codec_of(std::string_view type) {
  if (type == "producer") return std::nullopt;
  if (type == "uncompressed") return record::Codec::kNone;
  for (const auto codec :
       {record::Codec::kGzip, record::Codec::kSnappy, record::Codec::kLz4, record::Codec::kZstd}) {
    if (type == record::codec_name(codec)) return codec;
  }
  return std::nullopt;
}

}  // namespace

log::LogConfig make_log_config(const config::Settings& settings,
                               const metadata::ConfigMap* overrides) {
  const TopicValues topic(settings, overrides);
  const auto policies = config::split_list(topic.text("cleanup.policy"));
  log::LogConfig config;
  config.segment_bytes = topic.number("segment.bytes");
  config.segment_ms = topic.number("segment.ms");
  config.segment_jitter_ms = topic.number("segment.jitter.ms");
  config.segment_index_bytes = topic.number("segment.index.bytes");
  config.index_interval_bytes = topic.small("index.interval.bytes");
  config.flush_messages = topic.number("flush.messages");
  config.flush_ms = topic.number("flush.ms");
  config.retention_bytes = topic.number("retention.bytes");
  config.retention_ms = topic.number("retention.ms");
  config.cleanup_delete = std::ranges::find(policies, "delete") != policies.end();
  config.cleanup_compact = std::ranges::find(policies, "compact") != policies.end();
  config.delete_retention_ms = topic.number("delete.retention.ms");
  config.file_delete_delay_ms = topic.number("file.delete.delay.ms");
  config.min_compaction_lag_ms = topic.number("min.compaction.lag.ms");
  config.max_compaction_lag_ms = topic.number("max.compaction.lag.ms");
  config.min_cleanable_dirty_ratio = topic.ratio("min.cleanable.dirty.ratio");
  config.max_message_bytes = topic.small("max.message.bytes");
  config.max_decompressed_message_bytes = topic.small("max.decompressed.message.bytes");
  config.preallocate = topic.flag("preallocate");
  config.timestamp_is_log_append_time = topic.text("message.timestamp.type") == "LogAppendTime";
  config.timestamp_before_max_ms = topic.number("message.timestamp.before.max.ms");
  config.timestamp_after_max_ms = topic.number("message.timestamp.after.max.ms");
  config.codec = codec_of(topic.text("compression.type"));
  config.compression_gzip_level = topic.small("compression.gzip.level");
  config.compression_lz4_level = topic.small("compression.lz4.level");
  config.compression_zstd_level = topic.small("compression.zstd.level");
  config.write_caching = topic.flag("write.caching");
  config.producer_id_expiration_ms = settings.number("producer.id.expiration.ms");
  return config;
}

log::cleaner::CleanerOptions make_cleaner_options(const config::Settings& settings) {
  const auto bytes = [&](std::string_view key) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(settings.number(key), 0));
  };
  return {.is_enabled = settings.flag("log.cleaner.enable"),
          .threads = static_cast<int>(settings.number("log.cleaner.threads")),
          .dedupe_buffer_bytes = bytes("log.cleaner.dedupe.buffer.size"),
          .io_buffer_bytes = bytes("log.cleaner.io.buffer.size"),
          .load_factor = settings.ratio("log.cleaner.io.buffer.load.factor"),
          .io_bytes_per_second = settings.ratio("log.cleaner.io.max.bytes.per.second")};
}

}  // namespace odradek::broker
