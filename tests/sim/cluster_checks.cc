// SPDX-License-Identifier: Apache-2.0
#include "sim/cluster_checks.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>

#include "record/batch_header.h"
#include "record/record_reader.h"
#include "sim/offsets.h"

namespace odradek::sim_test {
ReplicaContent read_replica(const env::sim::SimDisk& disk, const std::string& directory,
                            std::string broker) {
  ReplicaContent content{std::move(broker), {}, {}};
  for (const auto& [name, bytes] : disk.look_into(directory, ".log")) {
    // A log whose records were all deleted begins, and ends, where its last segment does.
    content.end = base::Offset(std::stoll(name));
    record::BatchIterator batches(base::as_bytes(bytes));
    for (auto batch = batches.next(); batch && *batch; batch = batches.next()) {
      content.batches[(*batch)->base_offset()] = base::as_text((*batch)->bytes());
      content.end = (*batch)->next_offset();
    }
  }
  return content;
}

void check_equal(const base::TopicPartition& partition, const std::vector<ReplicaContent>& replicas,
                 History& history) {
  std::map<base::Offset, const ReplicaContent*> first_with;
  for (const ReplicaContent& replica : replicas) {
    if (replica.end != replicas.front().end) {
      history.violation(fmt::format("{} ends at {} on {} and at {} on {}", partition.to_string(),
                                    replicas.front().end.value(), replicas.front().broker,
                                    replica.end.value(), replica.broker));
    }
    for (const auto& [offset, bytes] : replica.batches) {
      // What was deleted before two logs parted is hidden, whatever it is.
      if (offset < history.first_kept(partition)) continue;
      const auto* other = first_with.try_emplace(offset, &replica).first->second;
      if (other->batches.at(offset) == bytes) continue;
      history.violation(fmt::format("{}: the batches at offset {} differ on {} and {}",
                                    partition.to_string(), offset.value(), other->broker,
                                    replica.broker));
      return;
    }
  }
}

void check_promises(const base::TopicPartition& partition, const ReplicaContent& replica,
                    History& history) {
  std::map<base::Offset, std::string> values;
  for (const auto& [offset, bytes] : replica.batches) {
    auto batch = record::BatchView::parse(base::as_bytes(bytes));
    if (!batch || !batch->crc_matches()) {
      history.violation(fmt::format("{} has a damaged batch at {} of {}", replica.broker,
                                    offset.value(), partition.to_string()));
      continue;
    }
    auto reader = record::RecordReader::open(*batch);
    if (!reader) continue;
    for (auto record = reader->next(); record && *record; record = reader->next()) {
      const std::string value(base::as_text(*(*record)->value));
      history.check_epoch(partition, value, batch->leader_epoch());
      values.emplace((*record)->offset, value);
    }
  }
  history.check_final(partition, values, replica.broker);
}

Detached watch_ends(Router& router, History& history, TopicView topic, const bool& is_stopping,
                    bool& is_done) {
  for (std::int32_t next = 0; !is_stopping; ++next) {
    const base::TopicPartition partition{topic.name, next % topic.partitions};
    const auto end = co_await find_end(router, partition);
    if (end) history.end_shown(partition, router.client_id(), *end);
    co_await router.pause(
        router.random().between(std::chrono::milliseconds(20), std::chrono::milliseconds(200)));
  }
  is_done = true;
}

}  // namespace odradek::sim_test
