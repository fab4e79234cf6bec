// SPDX-License-Identifier: Apache-2.0
#include "metadata/partition_replay.h"

#include <optional>

namespace odradek::metadata {
namespace {

constexpr base::BrokerId kNoLeaderChange{-2};
constexpr std::int8_t kNoRecoveryChange = -1;

template <typename Value>
void set_if_given(const std::optional<Value>& given, Value& value) {
  if (given) value = *given;
}

}  // namespace

PartitionImage to_image(const wire::PartitionRecord& record) {
  PartitionImage image;
  image.replicas = record.replicas;
  image.directories = record.directories;
  image.directories.resize(record.replicas.size(), base::kDirectoryMigrating);
  image.in_sync_replicas = record.isr;
  image.removing_replicas = record.removing_replicas;
  image.adding_replicas = record.adding_replicas;
  set_if_given(record.eligible_leader_replicas, image.eligible_leader_replicas);
  set_if_given(record.last_known_elr, image.last_known_eligible_leader_replicas);
  image.leader = record.leader;
  image.leader_recovery_state = record.leader_recovery_state;
  image.leader_epoch = record.leader_epoch;
  image.partition_epoch = record.partition_epoch;
  return image;
}

void apply_change(const wire::PartitionChangeRecord& record, PartitionImage& image) {
  set_if_given(record.isr, image.in_sync_replicas);
  set_if_given(record.replicas, image.replicas);
  set_if_given(record.removing_replicas, image.removing_replicas);
  set_if_given(record.adding_replicas, image.adding_replicas);
  set_if_given(record.directories, image.directories);
  set_if_given(record.eligible_leader_replicas, image.eligible_leader_replicas);
  set_if_given(record.last_known_elr, image.last_known_eligible_leader_replicas);
  if (record.leader != kNoLeaderChange) {
    image.leader = record.leader;
    image.leader_epoch = base::LeaderEpoch(image.leader_epoch.value() + 1);
  }
  if (record.leader_recovery_state != kNoRecoveryChange) {
    image.leader_recovery_state = record.leader_recovery_state;
  }
  ++image.partition_epoch;
}

}  // namespace odradek::metadata
