// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/topic_partition.h"
#include "base/uuid.h"
#include "cli/admin/admin.h"

// What the group commands ask a cluster. All in one place, so that printing needs no protocol.
namespace odradek::cli {

struct GroupListing {
  std::string id;
  std::string type;   // "Classic", "Consumer"
  std::string state;  // "Stable", "Empty" …
};

struct GroupMember {
  std::string id;
  std::string instance_id;  // empty: none
  std::string client_id;
  std::string host;
  std::set<base::TopicPartition> assignment;
  std::set<base::TopicPartition> target_assignment;
  std::optional<std::int32_t> epoch;
  // Of a group that changes its protocol: whether this member has.
  std::optional<bool> is_upgraded;
};

struct GroupDescription {
  std::string id;
  std::string state;
  std::string assignor;
  base::BrokerId coordinator;
  std::optional<std::int32_t> epoch;
  std::optional<std::int32_t> target_epoch;
  std::vector<GroupMember> members;
};

struct CommittedOffset {
  std::int64_t offset = 0;
  std::optional<std::int32_t> leader_epoch;
};
using CommittedOffsets = std::map<base::TopicPartition, CommittedOffset>;
using OffsetPlan = std::map<base::TopicPartition, std::int64_t>;

// The topics of the cluster, read once.
class TopicTable {
 public:
  struct Topic {
    base::Uuid id;
    std::map<std::int32_t, base::BrokerId> leaders;  // -1: none
  };
  [[nodiscard]] static base::Result<TopicTable> load(Admin& admin);

  const Topic* find(const std::string& name) const;
  // In their order.
  std::vector<std::string> names() const;
  // The name, or "" of an id that is gone.
  std::string name_of(const base::Uuid& id) const;
  std::vector<base::TopicPartition> partitions_of(const std::string& topic) const;

 private:
  std::map<std::string, Topic> topics_;
  std::map<base::Uuid, std::string> names_;
};

// Consumer groups, of both protocols, in the states and of the types named (empty: all); by id.
[[nodiscard]] base::Result<std::vector<GroupListing>> list_groups(
    Admin& admin, const std::vector<std::string>& states, const std::vector<std::string>& types);

// GROUP_ID_NOT_FOUND where there is none.
[[nodiscard]] base::Result<GroupDescription> describe_group(Admin& admin, const std::string& group);
// In the order given, and the first error in that order. A coordinator is asked once for all.
[[nodiscard]] base::Result<std::vector<GroupDescription>> describe_groups(
    Admin& admin, const std::vector<std::string>& groups);

[[nodiscard]] base::Result<CommittedOffsets> committed_offsets(Admin& admin,
                                                               const TopicTable& topics,
                                                               const std::string& group);
// By group. A coordinator is asked once for all where it can be (since Kafka 3.0).
[[nodiscard]] base::Result<std::map<std::string, CommittedOffsets>> committed_offsets(
    Admin& admin, const TopicTable& topics, const std::vector<std::string>& groups);
// Commits as no member, which only a group without members takes.
[[nodiscard]] base::Result<> commit_offsets(Admin& admin, const TopicTable& topics,
                                            const std::string& group, const OffsetPlan& offsets);

// Where partitions begin (-2), end (-1), or the first record at or after a timestamp lies (-1 where
// there is none). Partitions without a leader are left out.
[[nodiscard]] base::Result<OffsetPlan> list_offsets(Admin& admin, const TopicTable& topics,
                                                    const std::vector<base::TopicPartition>& of,
                                                    std::int64_t timestamp, bool stable_only);

// Answers with the error of each; NONE for what was deleted.
struct GroupError {
  base::ErrorCode code = base::ErrorCode::kNone;
  std::string message;
};
[[nodiscard]] base::Result<GroupError> delete_group(Admin& admin, const std::string& group);

struct OffsetDeletion {
  base::ErrorCode code = base::ErrorCode::kNone;  // of the group
  std::map<base::TopicPartition, base::ErrorCode> partitions;
};
[[nodiscard]] base::Result<OffsetDeletion> delete_offsets(
    Admin& admin, const std::string& group, const std::vector<base::TopicPartition>& partitions);

}  // namespace odradek::cli
