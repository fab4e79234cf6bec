// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/topic_partition.h"
#include "base/uuid.h"

namespace odradek::sim_test {

// What the clients of a run were told, and what follows from it. Every value that is produced is
// another one. Violations are sentences; a run without any kept its promises.
class History {
 public:
  // A producer sends `value`, the next of its own for this partition.
  void sent(const base::TopicPartition& partition, const std::string& producer,
            const std::string& value, bool is_idempotent);
  // The broker acknowledged it (acks=all): it is at this offset for ever.
  void acknowledged(const base::TopicPartition& partition, base::Offset offset,
                    const std::string& value);
  // A consumer was shown the record: nobody may ever find another one there.
  void shown(const base::TopicPartition& partition, base::Offset offset, const std::string& value);
  // A group asks to commit; the number names the attempt.
  std::uint64_t commit_sent(const std::string& group, const base::TopicPartition& partition,
                            base::Offset offset);
  void commit_acknowledged(const std::string& group, const base::TopicPartition& partition,
                           std::uint64_t attempt);
  // What the group's committed offset is said to be; -1: none.
  void commit_found(const std::string& group, const base::TopicPartition& partition,
                    base::Offset offset);
  void producer_id_given(base::ProducerId id);
  // A topic was created, and later found under this id.
  void topic_created(const std::string& name, const base::Uuid& id);
  const std::map<std::string, base::Uuid>& topics_created() const { return topics_; }
  void violation(std::string what);

  // The whole partition, as read at the end of the run: values by offset.
  void check_final(const base::TopicPartition& partition,
                   const std::map<base::Offset, std::string>& content);

  const std::vector<std::string>& violations() const { return violations_; }
  std::size_t acknowledged_count() const { return acknowledged_count_; }
  std::size_t shown_count() const { return shown_count_; }
  std::size_t commit_count() const { return commit_count_; }

 private:
  struct Sent {
    std::string producer;
    std::uint64_t number = 0;
    bool is_idempotent = false;
  };
  struct Partition {
    std::map<std::string, Sent> sent;
    std::map<std::string, std::uint64_t> next_number;  // by producer
    std::map<base::Offset, std::string> acknowledged;
    std::map<base::Offset, std::string> shown;
  };
  // The committed offsets of one group and partition by attempt; attempt 0 is "none yet".
  struct Commits {
    std::map<std::uint64_t, base::Offset> attempts = {{0, base::kNoOffset}};
    std::uint64_t in_force = 0;
  };

  void check_kept(const base::TopicPartition& partition, const char* promise,
                  const std::map<base::Offset, std::string>& promised,
                  const std::map<base::Offset, std::string>& content);
  void check_order(const base::TopicPartition& partition, const Partition& known,
                   const std::map<base::Offset, std::string>& content);

  std::map<base::TopicPartition, Partition> partitions_;
  std::map<std::pair<std::string, base::TopicPartition>, Commits> commits_;
  std::set<base::ProducerId> producer_ids_;
  std::map<std::string, base::Uuid> topics_;
  std::vector<std::string> violations_;
  std::size_t acknowledged_count_ = 0;
  std::size_t shown_count_ = 0;
  std::size_t commit_count_ = 0;
};

}  // namespace odradek::sim_test
