// SPDX-License-Identifier: Apache-2.0
#include "sim/step_checks.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "record/record_reader.h"
#include "sim/decided.h"

namespace odradek::sim_test {
namespace {

bool is_grown(const std::map<std::string, std::string>& before,
              const std::map<std::string, std::string>& now) {
  return std::ranges::all_of(before, [&now](const auto& file) {
    const auto found = now.find(file.first);
    return found != now.end() && found->second.starts_with(file.second);
  });
}

// The whole batches at the beginning: behind them lies what is being written, or was torn. No
// checksum covers a batch's base offset: where a tear took no more than that, it goes back. `last`:
// what the batch before `from` ends with.
std::size_t whole_bytes(const std::string& bytes, std::size_t from, base::Offset last) {
  record::BatchIterator batches(base::as_bytes(std::string_view(bytes).substr(from)));
  std::size_t whole = from;
  for (auto batch = batches.next(); batch && *batch; batch = batches.next()) {
    if ((*batch)->base_offset() <= last || !(*batch)->crc_matches()) break;
    last = (*batch)->last_offset();
    whole = from + batches.position();
  }
  return whole;
}

std::string directory_of(const base::TopicPartition& partition) {
  return "/data/" + partition.to_string();
}

std::optional<std::string> find_value(const record::BatchView& batch, base::Offset offset) {
  auto reader = record::RecordReader::open(batch);
  if (!reader) return std::nullopt;
  for (auto record = reader->next(); record && *record; record = reader->next()) {
    if ((*record)->offset == offset) return std::string(base::as_text(*(*record)->value));
  }
  return std::nullopt;
}

// Of a log's segments, which are named after their first offset.
std::optional<std::string> find_value(const std::map<std::string, std::string>& segments,
                                      base::Offset offset) {
  auto segment = segments.upper_bound(fmt::format("{:020}.log", offset.value()));
  if (segment == segments.begin()) return std::nullopt;
  record::BatchIterator batches(base::as_bytes((--segment)->second));
  for (auto batch = batches.next(); batch && *batch; batch = batches.next()) {
    if ((*batch)->last_offset() < offset) continue;
    if ((*batch)->base_offset() > offset || !(*batch)->crc_matches()) break;
    return find_value(**batch, offset);
  }
  return std::nullopt;
}

}  // namespace

StepChecks::StepChecks(Cluster& cluster, History& history, bool is_cached)
    : cluster_(cluster), history_(history), is_cached_(is_cached) {
  history.on_promise([this](const base::TopicPartition& partition, base::Offset offset,
                            const std::string& value,
                            const char* promise) { look_for(partition, offset, value, promise); });
}

void StepChecks::look_for(const base::TopicPartition& partition, base::Offset offset,
                          const std::string& value, const char* promise) {
  for (const int broker : find_in_sync(cluster_.zookeeper(), partition)) {
    if (cluster_.lost_disks().contains(broker)) continue;
    const auto& disk = cluster_.host(broker).disk();
    const auto segments = is_cached_ ? disk.look_into(directory_of(partition), ".log")
                                     : disk.look_into_durable(directory_of(partition), ".log");
    const auto found = find_value(segments, offset);
    if (found == value) continue;
    history_.violation(
        fmt::format("{}: '{}' at offset {} is {}, and {}, which is in sync, has {}{}",
                    partition.to_string(), value, offset.value(), promise, cluster_.name_of(broker),
                    found.value_or("nothing"), is_cached_ ? "" : " that a power cut would leave"));
  }
}

void StepChecks::look() {
  ++looks_;
  for (const auto& partition : partitions_) {
    const auto in_sync = find_in_sync(cluster_.zookeeper(), partition);
    for (int broker = 1; broker <= cluster_.size(); ++broker) {
      const bool is_in_sync = std::ranges::find(in_sync, broker) != in_sync.end();
      look_at(broker, partition, is_in_sync && !cluster_.lost_disks().contains(broker));
    }
  }
}

void StepChecks::look_at(int broker, const base::TopicPartition& partition, bool is_in_sync) {
  auto files = cluster_.host(broker).disk().look_into(directory_of(partition), ".log");
  Replica& replica = replicas_[{broker, partition}];
  for (auto& [name, bytes] : files) {
    const auto before = replica.files.find(name);
    const bool is_longer = before != replica.files.end() && bytes.starts_with(before->second);
    const bool goes_on = is_longer && !replica.values.empty();
    bytes.resize(goes_on ? whole_bytes(bytes, before->second.size(), replica.values.rbegin()->first)
                         : whole_bytes(bytes, 0, base::kNoOffset));
  }
  if (!is_grown(replica.files, files)) replica = {};
  for (const auto& [name, bytes] : files) {
    take_batches(bytes, replica.files[name].size(), broker, partition, replica);
  }
  replica.files = std::move(files);
  history_.check_now(partition, replica.values, cluster_.name_of(broker), is_in_sync);
}

void StepChecks::take_batches(const std::string& bytes, std::size_t from, int broker,
                              const base::TopicPartition& partition, Replica& replica) {
  record::BatchIterator batches(base::as_bytes(std::string_view(bytes).substr(from)));
  for (auto batch = batches.next(); batch && *batch; batch = batches.next()) {
    take_batch(**batch, broker, partition, replica);
  }
}

void StepChecks::take_batch(const record::BatchView& batch, int broker,
                            const base::TopicPartition& partition, Replica& replica) {
  const std::string bytes(base::as_text(batch.bytes()));
  const auto& known =
      batches_[partition].try_emplace({batch.base_offset(), batch.leader_epoch()}, bytes).first;
  if (known->second != bytes) {
    history_.violation(fmt::format(
        "{}: {} has another batch of epoch {} at offset {} than was there", partition.to_string(),
        cluster_.name_of(broker), batch.leader_epoch().value(), batch.base_offset().value()));
  }
  auto reader = record::RecordReader::open(batch);
  if (!reader) return;
  for (auto record = reader->next(); record && *record; record = reader->next()) {
    std::string value(base::as_text(*(*record)->value));
    history_.check_epoch(partition, value, batch.leader_epoch());
    replica.values.insert_or_assign((*record)->offset, std::move(value));
  }
}

}  // namespace odradek::sim_test
