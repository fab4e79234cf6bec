// SPDX-License-Identifier: Apache-2.0
#include "broker/start/log_options.h"

#include <algorithm>
#include <limits>

#include "broker/runtime/log_config.h"

namespace odradek::broker {

// The key has no place in a file, and so no default among the settings.
std::int64_t move_rate(const config::Settings& settings) {
  constexpr std::string_view kKey = "replica.alter.log.dirs.io.max.bytes.per.second";
  return settings.value(kKey) ? settings.number(kKey) : std::numeric_limits<std::int64_t>::max();
}

log::directory::FlushBounds flush_bounds_of(const config::Settings& settings) {
  return {.max_ms = settings.number("log.unflushed.max.ms"),
          .max_bytes = settings.number("log.unflushed.max.bytes")};
}

log::LogManagerOptions make_log_options(const config::Settings& settings) {
  constexpr std::string_view kMoveThreads = "num.replica.alter.log.dirs.threads";
  log::LogManagerOptions options;
  options.paths = settings.log_directories();
  options.metadata_path = settings.value("metadata.log.dir").value_or("");
  options.recovery_threads_per_directory =
      static_cast<int>(settings.number("num.recovery.threads.per.data.dir"));
  options.move.threads =
      static_cast<int>(settings.is_set(kMoveThreads) ? settings.number(kMoveThreads) : 0);
  options.move.bytes_per_second = move_rate(settings);
  options.max_open_files = static_cast<std::size_t>(settings.number("log.max.open.files"));
  options.directory.recovery_point_interval_ms =
      settings.number("log.flush.offset.checkpoint.interval.ms");
  options.directory.log_start_interval_ms =
      settings.number("log.flush.start.offset.checkpoint.interval.ms");
  options.directory.high_watermark_interval_ms =
      settings.number("replica.high.watermark.checkpoint.interval.ms");
  options.directory.flush_bounds = flush_bounds_of(settings);
  // What app/server.cc makes the pool for: a directory that hangs leaves the others their threads.
  if (const auto threads = static_cast<int>(settings.number("num.io.threads"));
      options.paths.size() > 1) {
    options.directory.max_parallel_flushes = std::max(1, threads * 2 / 3);
    options.directory.max_parallel_work = std::max(1, threads / 3);
  }
  options.directory.reserve_bytes = settings.number("log.dir.reserve.bytes");
  return options;
}

log::HousekeepingOptions make_housekeeping_options(const config::Settings& file,
                                                   const config::Settings& now) {
  log::HousekeepingOptions options;
  options.initial_delay_ms = file.number("log.initial.task.delay.ms");
  options.retention_check_interval_ms = file.number("log.retention.check.interval.ms");
  options.producer_expiration_check_interval_ms =
      file.number("producer.id.expiration.check.interval.ms");
  options.cleaner_backoff_ms = now.number("log.cleaner.backoff.ms");
  options.cleaner = make_cleaner_options(now);
  return options;
}

}  // namespace odradek::broker
