// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/topic_partition.h"
#include "base/uuid.h"

namespace odradek::sim_test {

// What the clients of a run were told, and what follows from it. Every value that is produced is
// another one. Violations are sentences; a run without any kept its promises.
class History {
 public:
  // Told of each record when it is first promised to a client, by its acknowledgement or by showing
  // it to a consumer (`promise` is the word for that); of none where the topic may lose it.
  using OnPromise = std::function<void(const base::TopicPartition& partition, base::Offset offset,
                                       const std::string& value, const char* promise)>;
  void on_promise(OnPromise handler) { on_promise_ = std::move(handler); }

  // A producer sends `value`, the next of its own for this partition.
  void sent(const base::TopicPartition& partition, const std::string& producer,
            const std::string& value, bool is_idempotent);
  // The broker acknowledged it (acks=all): it is at this offset for ever.
  void acknowledged(const base::TopicPartition& partition, base::Offset offset,
                    const std::string& value);
  // The same of one that was acknowledged without its offset: it is in the log, once, for ever.
  void acknowledged_somewhere(const base::TopicPartition& partition, const std::string& value);
  // It was decided who leads in that epoch (-1: nobody): nobody else ever does.
  void leader_decided(const base::TopicPartition& partition, base::LeaderEpoch epoch,
                      base::BrokerId leader);
  // Whether it was decided who leads after that epoch.
  bool is_over(const base::TopicPartition& partition, base::LeaderEpoch epoch) const;
  // The broker that acknowledged the value had appended it itself.
  void acknowledged_by(const base::TopicPartition& partition, const std::string& value,
                       base::BrokerId broker);
  // The value lies in a batch that was appended in that epoch: whoever acknowledged it is the one
  // that led in it.
  void check_epoch(const base::TopicPartition& partition, const std::string& value,
                   base::LeaderEpoch epoch);
  // A client was told this end of the partition (ListOffsets); never a lower one after it.
  void end_shown(const base::TopicPartition& partition, const std::string& client,
                 base::Offset end);
  // A consumer was shown the record: nobody may ever find another one there.
  void shown(const base::TopicPartition& partition, base::Offset offset, const std::string& value);
  // Somebody asks for the deletion of what lies before `to` (DeleteRecords): from now on it may be
  // gone, and nothing else.
  void deletion_asked(const base::TopicPartition& partition, base::Offset to);
  // The least offset that nobody has asked to delete.
  base::Offset first_kept(const base::TopicPartition& partition) const;
  // A client was told that the log begins there.
  void start_shown(const base::TopicPartition& partition, base::Offset start);
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

  // The whole partition, as read at the end of the run: values by offset. `where` it was read: of
  // a client's view, nothing.
  void check_final(const base::TopicPartition& partition,
                   const std::map<base::Offset, std::string>& content,
                   const std::string& where = {});
  // A replica's log in the middle of the run: in order, without holes; one that is in sync has all
  // that was promised so far.
  void check_now(const base::TopicPartition& partition,
                 const std::map<base::Offset, std::string>& content, const std::string& where,
                 bool is_in_sync);
  // The topic was asked to be one that may lose what was acknowledged (unclean elections): what is
  // found at the end is in no disorder, and no more is promised.
  void may_lose(const std::string& topic) { losing_topics_.insert(topic); }

  const std::vector<std::string>& violations() const { return violations_; }
  std::size_t acknowledged_count() const { return acknowledged_count_; }
  // Of one that may not lose any.
  std::size_t acknowledged_count(const base::TopicPartition& partition) const {
    const auto known = partitions_.find(partition);
    return known == partitions_.end() ? 0 : known->second.acknowledged.size();
  }
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
    std::set<std::string> acknowledged_somewhere;
    std::map<std::string, base::Offset> found_at;  // of these, where they were found last
    std::map<base::Offset, std::string> shown;
    std::map<std::string, base::BrokerId> acknowledged_by;
    std::map<base::LeaderEpoch, base::BrokerId> leaders;
    std::map<std::string, base::Offset> ends;  // by client
    base::Offset first_kept{0};
  };
  // The committed offsets of one group and partition by attempt; attempt 0 is "none yet".
  struct Commits {
    std::map<std::uint64_t, base::Offset> attempts = {{0, base::kNoOffset}};
    std::uint64_t in_force = 0;
  };

  void promised(const base::TopicPartition& partition, base::Offset offset,
                const std::string& value, const char* promise);
  void check_all_kept(const std::string& name, Partition& known,
                      const std::map<base::Offset, std::string>& content);
  void check_kept(const std::string& partition, const char* promise,
                  const std::map<base::Offset, std::string>& promised, base::Offset first_kept,
                  const std::map<base::Offset, std::string>& content);
  void check_kept_somewhere(const std::string& name, Partition& known,
                            const std::map<base::Offset, std::string>& content);
  void check_order(const std::string& partition, const Partition& known,
                   const std::map<base::Offset, std::string>& content);

  OnPromise on_promise_;
  std::map<base::TopicPartition, Partition> partitions_;
  std::map<std::pair<std::string, base::TopicPartition>, Commits> commits_;
  std::set<base::ProducerId> producer_ids_;
  std::map<std::string, base::Uuid> topics_;
  std::set<std::string> losing_topics_;
  std::vector<std::string> violations_;
  std::size_t acknowledged_count_ = 0;
  std::size_t shown_count_ = 0;
  std::size_t commit_count_ = 0;
};

}  // namespace odradek::sim_test
