// SPDX-License-Identifier: Apache-2.0
#include "sim/step_checks.h"

#include <fmt/core.h>

#include <algorithm>

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

// The whole batches at the beginning: behind them lies what is being written, or was torn.
std::size_t whole_bytes(const std::string& bytes, std::size_t from) {
  record::BatchIterator batches(base::as_bytes(std::string_view(bytes).substr(from)));
  std::size_t whole = from;
  for (auto batch = batches.next(); batch && *batch; batch = batches.next()) {
    if (!(*batch)->crc_matches()) break;
    whole = from + batches.position();
  }
  return whole;
}

}  // namespace

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
  auto files = cluster_.host(broker).disk().look_into("/data/" + partition.to_string());
  std::erase_if(files, [](const auto& file) { return !file.first.ends_with(".log"); });
  Replica& replica = replicas_[{broker, partition}];
  for (auto& [name, bytes] : files) {
    const auto before = replica.files.find(name);
    const bool is_longer = before != replica.files.end() && bytes.starts_with(before->second);
    bytes.resize(whole_bytes(bytes, is_longer ? before->second.size() : 0));
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
