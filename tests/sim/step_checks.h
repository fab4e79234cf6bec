// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/topic_partition.h"
#include "record/batch_header.h"
#include "sim/cluster.h"
#include "sim/history.h"

namespace odradek::sim_test {

// What holds at every moment, looked at from outside between two events, whatever is broken then:
//
// - a batch of one epoch at one offset is the same one, byte for byte, wherever and whenever it is;
// - whoever is in sync, as decided, has everything that was acknowledged or shown to a consumer,
//   unless its disk was lost a moment ago;
// - at the moment in which a client is promised a record, each of them has it where a power cut
// does
//   not reach it, or in the page cache where writes are cached;
// - every replica's log is without holes, each producer's records in their order and there once;
// - who acknowledged in an epoch is the one that leads in it.
class StepChecks {
 public:
  // `is_cached`: write.caching.
  StepChecks(Cluster& cluster, History& history, bool is_cached);
  ~StepChecks() { history_.on_promise({}); }
  StepChecks(const StepChecks&) = delete;
  StepChecks& operator=(const StepChecks&) = delete;

  void add(const base::TopicPartition& partition) { partitions_.push_back(partition); }
  // Looks at all of it; violations go to the history.
  void look();
  std::uint64_t looks() const { return looks_; }

 private:
  // A replica as it was found last: what is only appended to is not parsed again.
  struct Replica {
    std::map<std::string, std::string> files;
    std::map<base::Offset, std::string> values;
  };
  using Epochs = std::map<std::pair<base::Offset, base::LeaderEpoch>, std::string>;

  void look_for(const base::TopicPartition& partition, base::Offset offset,
                const std::string& value, const char* promise);
  void look_at(int broker, const base::TopicPartition& partition, bool is_in_sync);
  // Takes in what is new of a file from there on.
  void take_batches(const std::string& bytes, std::size_t from, int broker,
                    const base::TopicPartition& partition, Replica& replica);
  void take_batch(const record::BatchView& batch, int broker, const base::TopicPartition& partition,
                  Replica& replica);

  Cluster& cluster_;
  History& history_;
  const bool is_cached_;
  std::vector<base::TopicPartition> partitions_;
  std::map<base::TopicPartition, Epochs> batches_;
  std::map<std::pair<int, base::TopicPartition>, Replica> replicas_;
  std::uint64_t looks_ = 0;
};

}  // namespace odradek::sim_test
