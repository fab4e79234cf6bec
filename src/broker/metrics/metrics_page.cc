// SPDX-License-Identifier: Apache-2.0
#include "broker/metrics/metrics_page.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <limits>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "base/version.h"
#include "broker/controller/event_log.h"
#include "broker/metrics/cluster_metrics.h"
#include "broker/metrics/metric_families.h"
#include "log/directory/room.h"
#include "log/log_manager.h"
#include "log/retention/retention.h"
#include "net/server.h"

namespace odradek::broker {
namespace {

void collect_build(std::vector<MetricFamily>& families) {
  MetricFamily build = family("odradek_build_info", "1, with the version that runs as a label.");
  add(build, 1, {{"version", std::string(base::odradek_version())}});
  families.push_back(std::move(build));
}

// The histogram that Prometheus wants: buckets summed up, seconds.
void add_flushes(MetricFamily& family, const log::directory::FlushFigures& figures,
                 const std::string& path) {
  prometheus::ClientMetric& metric = family.metric.emplace_back();
  metric.label = {{"logdirectory", path}};
  metric.histogram.sample_count = figures.count;
  metric.histogram.sample_sum = static_cast<double>(figures.total_us) / 1e6;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < log::directory::FlushFigures::kBuckets; ++i) {
    sum += figures.buckets[i];
    const bool is_last = i + 1 == log::directory::FlushFigures::kBuckets;
    const double bound = is_last ? std::numeric_limits<double>::infinity()
                                 : static_cast<double>(figures.bound_us(i)) / 1e6;
    metric.histogram.bucket.push_back({sum, bound});
  }
}

void collect_disks(const log::LogManager& logs, std::vector<MetricFamily>& families) {
  MetricFamily unflushed = family("odradek_log_unflushed_bytes",
                                  "Bytes written and not flushed: at most so many that were "
                                  "acknowledged would be lost with the power.");
  MetricFamily full = family("odradek_log_directory_full",
                             "1 where the log directory takes no records until there is room.");
  MetricFamily flushes =
      family("odradek_log_flush_seconds", "Flushes of the log directory.", MetricType::Histogram);
  for (const auto& directory : logs.directories()) {
    const std::string& path = directory->path();
    add(unflushed, static_cast<double>(directory->unflushed_bytes()), {{"logdirectory", path}});
    add(full, directory->room().is_full() ? 1 : 0, {{"logdirectory", path}});
    add_flushes(flushes, directory->flush_figures(), path);
  }
  families.push_back(std::move(unflushed));
  families.push_back(std::move(full));
  families.push_back(std::move(flushes));
}

void collect_damage(const log::LogManager& logs, std::vector<MetricFamily>& families) {
  MetricFamily partitions =
      family("odradek_log_damaged_partitions", "Partitions with damaged records that were found.");
  MetricFamily ranges =
      family("odradek_log_damaged_ranges", "Stretches of records that are damaged.");
  MetricFamily rebuilt =
      family("odradek_log_indexes_rebuilt_total",
             "Segments whose indexes were wrong and were made anew.", MetricType::Counter);
  for (const auto& directory : logs.directories()) {
    const log::directory::LogCounters& counters = directory->counters();
    const Labels labels{{"logdirectory", directory->path()}};
    add(partitions, static_cast<double>(counters.damaged_partitions), labels);
    add(ranges, static_cast<double>(counters.damaged_ranges), labels);
    add(rebuilt, static_cast<double>(counters.rebuilt_indexes), labels);
  }
  families.push_back(std::move(partitions));
  families.push_back(std::move(ranges));
  families.push_back(std::move(rebuilt));
}

void collect_retention(const log::LogManager& logs, std::vector<MetricFamily>& families) {
  using log::retention::Reason;
  MetricFamily segments =
      family("odradek_log_retention_deleted_segments_total",
             "Segments deleted from the beginnings of logs.", MetricType::Counter);
  MetricFamily bytes = family("odradek_log_retention_deleted_bytes_total",
                              "Bytes of these segments.", MetricType::Counter);
  for (const auto& directory : logs.directories()) {
    for (const auto& [reason, name] :
         {std::pair{Reason::kLogStart, "log start"}, std::pair{Reason::kSize, "size"},
          std::pair{Reason::kTime, "time"}}) {
      const auto& deleted = directory->counters().deleted[static_cast<std::size_t>(reason)];
      const Labels labels{{"logdirectory", directory->path()}, {"reason", name}};
      add(segments, static_cast<double>(deleted.segments), labels);
      add(bytes, static_cast<double>(deleted.bytes), labels);
    }
  }
  families.push_back(std::move(segments));
  families.push_back(std::move(bytes));
}

void collect_directories(const log::LogManager& logs, std::vector<MetricFamily>& families) {
  MetricFamily offline = family("kafka_log_logmanager_logdirectoryoffline",
                                "1 where the log directory is offline, else 0.");
  double count = 0;
  for (const auto& directory : logs.directories()) {
    const bool is_offline = directory->failure().has_value();
    count += is_offline ? 1 : 0;
    add(offline, is_offline ? 1 : 0, {{"logdirectory", directory->path()}});
  }
  families.push_back(single("kafka_log_logmanager_offlinelogdirectorycount",
                            "Log directories that are offline.", count));
  families.push_back(std::move(offline));
}

void collect_cleaner(const log::LogManager& logs, std::vector<MetricFamily>& families) {
  const log::cleaner::Cleaner& cleaner = logs.cleaner();
  MetricFamily partitions = family("kafka_log_logcleanermanager_uncleanable_partitions_count",
                                   "Partitions that can't be compacted.");
  MetricFamily bytes = family("kafka_log_logcleanermanager_uncleanable_bytes",
                              "Bytes that wait for compaction in partitions that can't be.");
  for (const auto& directory : logs.directories()) {
    const std::string& path = directory->path();
    const auto count = static_cast<double>(cleaner.uncleanable_partitions(path));
    add(partitions, count, {{"logdirectory", path}});
    add(bytes, static_cast<double>(cleaner.uncleanable_bytes(path)), {{"logdirectory", path}});
  }
  families.push_back(std::move(partitions));
  families.push_back(std::move(bytes));
  families.push_back(single("kafka_log_logcleanermanager_max_dirty_percent",
                            "Of the compacted logs, the greatest share that waits.",
                            100 * cleaner.greatest_dirty_ratio()));
}

// One metric a value of the enumeration whose values are told apart by `label`; from `first` on.
template <typename Enumeration, std::size_t kCount>
MetricFamily counted_by(std::string name, std::string help, const char* label,
                        const std::array<std::uint64_t, kCount>& counts, std::size_t first = 0) {
  MetricFamily one = family(std::move(name), std::move(help), MetricType::Counter);
  for (std::size_t i = first; i < kCount; ++i) {
    add(one, static_cast<double>(counts[i]),
        {{label, metadata::name_of(static_cast<Enumeration>(i))}});
  }
  return one;
}

void collect_events(const EventLog& events, std::vector<MetricFamily>& families) {
  const EventLog::Counts counts = events.counts();
  families.push_back(counted_by<metadata::Election>(
      "odradek_controller_elections_total",
      "Elections of partitions' leaders that this broker decided as the controller.", "how",
      counts.elections, 1));
  families.push_back(counted_by<metadata::Reason>("odradek_controller_in_sync_changes_total",
                                                  "Changes of in-sync sets that it decided.",
                                                  "reason", counts.in_sync_changes));
  families.push_back(counted_by<metadata::Reason>(
      "odradek_controller_fences_total", "Brokers that it fenced.", "reason", counts.fences));
  families.push_back(counted_by<metadata::ReassignmentStep>(
      "odradek_controller_reassignment_steps_total",
      "Steps of partitions' reassignments that it decided.", "step", counts.reassignment_steps, 1));
  MetricFamily moves = family("odradek_controller_group_moves_total",
                              "Partitions of __consumer_offsets whose groups it gave another "
                              "coordinator, or none.",
                              MetricType::Counter);
  add(moves, static_cast<double>(counts.group_moves));
  families.push_back(std::move(moves));
}

void collect_connections(const net::Server& server, std::vector<MetricFamily>& families) {
  families.push_back(single("kafka_server_socketservermetrics_connection_count",
                            "Connections of clients that are open.",
                            static_cast<double>(server.connection_count())));
  families.push_back(single("kafka_network_requestchannel_requestqueuebytes",
                            "Bytes of requests that arrive or wait for their answer.",
                            static_cast<double>(server.queued_request_bytes())));
}

}  // namespace

std::string render_metrics(const MetricsSources& sources) {
  std::vector<MetricFamily> families;
  collect_build(families);
  collect_directories(sources.logs, families);
  collect_disks(sources.logs, families);
  collect_damage(sources.logs, families);
  collect_retention(sources.logs, families);
  collect_cleaner(sources.logs, families);
  collect_partitions(sources.partitions, families);
  collect_replication(sources.replication, families);
  collect_controller(sources, families);
  collect_events(sources.events, families);
  collect_connections(sources.server, families);
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, families);
  return std::move(text).str();
}

}  // namespace odradek::broker
