// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "record/codec.h"

namespace odradek::log {

// What a topic's configuration says about its logs; names, units and defaults are Kafka's topic
// keys. Immutable once given to a log; a change of configuration gives the log another one.
struct LogConfig {
  std::int64_t segment_bytes = 1073741824;
  std::int64_t segment_ms = 604800000;
  std::int64_t segment_jitter_ms = 0;
  std::int64_t segment_index_bytes = 10485760;
  std::int32_t index_interval_bytes = 4096;
  std::int64_t flush_messages = std::numeric_limits<std::int64_t>::max();
  std::int64_t flush_ms = std::numeric_limits<std::int64_t>::max();
  std::int64_t retention_bytes = -1;
  std::int64_t retention_ms = 604800000;
  bool cleanup_delete = true;
  bool cleanup_compact = false;
  std::int64_t delete_retention_ms = 86400000;
  std::int64_t file_delete_delay_ms = 60000;
  std::int64_t min_compaction_lag_ms = 0;
  std::int64_t max_compaction_lag_ms = std::numeric_limits<std::int64_t>::max();
  double min_cleanable_dirty_ratio = 0.5;
  std::int32_t max_message_bytes = 1048588;
  std::int32_t max_decompressed_message_bytes = 2147483639;
  bool preallocate = false;
  // compression.type: what a leader keeps batches in; nothing is `producer`, as they come.
  std::optional<record::Codec> codec = std::nullopt;
  std::int32_t compression_gzip_level = -1;
  std::int32_t compression_lz4_level = 9;
  std::int32_t compression_zstd_level = 3;
  bool timestamp_is_log_append_time = false;
  std::int64_t timestamp_before_max_ms = std::numeric_limits<std::int64_t>::max();
  std::int64_t timestamp_after_max_ms = 3600000;
  // A broker's key, the same for all logs: producer.id.expiration.ms.
  std::int64_t producer_id_expiration_ms = 86400000;
  // Our own `write.caching`: acknowledge and show what is in the page cache, as Apache Kafka does.
  // Otherwise the high watermark counts flushed bytes only.
  bool write_caching = false;

  friend bool operator==(const LogConfig&, const LogConfig&) = default;
};

}  // namespace odradek::log
