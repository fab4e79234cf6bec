// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/partition_change.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "metadata/controller/placement.h"
#include "metadata/partition_replay.h"

namespace odradek::metadata {
namespace {

template <typename Value>
void put(const Value& before, const Value& now, std::optional<Value>& field) {
  if (before != now) field = now;
}

const PartitionImage& partition_of(const TopicImage& topic, std::int32_t index) {
  ODRADEK_ASSERT(topic.has_partition(index));
  return topic.partitions[static_cast<std::size_t>(index)];
}

}  // namespace

bool is_reassigning(const PartitionImage& partition) {
  return !partition.removing_replicas.empty() || !partition.adding_replicas.empty();
}

PartitionChange::PartitionChange(const ClusterImage& image, const TopicImage& topic,
                                 std::int32_t index, const TopicRules& rules)
    : image_(image),
      topic_(topic),
      index_(index),
      rules_(rules),
      before_(partition_of(topic, index)),
      next_(before_) {}

void PartitionChange::set_replicas(ReplicaList replicas) {
  std::vector<base::Uuid> directories;
  for (const base::BrokerId replica : replicas) {
    const auto at = std::ranges::find(next_.replicas, replica);
    directories.push_back(
        at == next_.replicas.end()
            ? default_directory(image_, replica)
            : next_.directories[static_cast<std::size_t>(at - next_.replicas.begin())]);
  }
  next_.replicas = std::move(replicas);
  next_.directories = std::move(directories);
}

void PartitionChange::set_reassignment(ReplicaList removing, ReplicaList adding) {
  next_.removing_replicas = std::move(removing);
  next_.adding_replicas = std::move(adding);
}

void PartitionChange::set_directory(base::BrokerId replica, const base::Uuid& directory) {
  const auto at = std::ranges::find(next_.replicas, replica);
  if (at == next_.replicas.end()) return;
  next_.directories[static_cast<std::size_t>(at - next_.replicas.begin())] = directory;
}

void PartitionChange::broker_crashed(base::BrokerId broker) {
  crashed_ = broker;
  std::erase(next_.in_sync_replicas, broker);
}

void PartitionChange::broker_lost_log(base::BrokerId broker) {
  lost_ = broker;
  std::erase(next_.in_sync_replicas, broker);
}

std::optional<PartitionChange::Built> PartitionChange::build(const Cause& cause) {
  complete_reassignment();
  update_eligible_replicas();
  elect();
  // What no longer has the replica that went shall not be led in the epoch in which it had.
  starts_epoch_ = starts_epoch_ || !contains_all(next_.replicas, before_.replicas);
  keep_last_in_sync();
  update_last_known();
  if (next_ == before_ && !starts_epoch_) return std::nullopt;
  return Built{to_record(), to_event(cause)};
}

// All adding replicas are in sync and at least one is that stays. Where the factor shrinks all that
// stay are waited for: less is in sync than could be otherwise.
void PartitionChange::complete_reassignment() {
  if (!is_reassigning(next_)) return;
  ReplicaList in_sync = without(next_.in_sync_replicas, next_.removing_replicas);
  ReplicaList replicas = without(next_.replicas, next_.removing_replicas);
  if (in_sync.empty() && !next_.removing_replicas.empty()) return;
  if (replicas.empty() || !contains_all(in_sync, next_.adding_replicas)) return;
  const bool shrinks = next_.adding_replicas.size() < next_.removing_replicas.size();
  if (shrinks && !contains_all(in_sync, replicas)) return;
  set_replicas(std::move(replicas));
  next_.in_sync_replicas = std::move(in_sync);
  set_reassignment({}, {});
  is_completed_ = true;
}

void PartitionChange::update_eligible_replicas() {
  if (!rules_.has_eligible_replicas ||
      next_.in_sync_replicas.size() >= rules_.min_in_sync_replicas) {
    next_.eligible_leader_replicas.clear();
    return;
  }
  ReplicaList eligible;
  for (const ReplicaList* candidates :
       {&before_.eligible_leader_replicas, &before_.in_sync_replicas}) {
    for (const base::BrokerId replica : *candidates) {
      const bool has_all = replica != crashed_ && replica != lost_;
      if (has_all && contains(next_.replicas, replica) &&
          !contains(next_.in_sync_replicas, replica) && !contains(eligible, replica)) {
        eligible.push_back(replica);
      }
    }
  }
  next_.eligible_leader_replicas = std::move(eligible);
}

void PartitionChange::elect() {
  const Elected elected = choose_leader();
  const bool is_unclean =
      elected.election == Election::kLastKnown || elected.election == Election::kUnclean;
  if (elected.election == Election::kEligible || is_unclean) {
    next_.in_sync_replicas = {elected.leader};
    std::erase(next_.eligible_leader_replicas, elected.leader);
    // Where it is enough, as it was not when the others left, it acknowledges what they lack.
    if (next_.in_sync_replicas.size() >= rules_.min_in_sync_replicas) {
      next_.eligible_leader_replicas.clear();
    }
  }
  if (is_unclean) {
    next_.eligible_leader_replicas.clear();
    next_.leader_recovery_state = kRecovering;
  }
  next_.leader = elected.leader;
  starts_epoch_ = next_.leader != before_.leader || is_unclean;
  if (starts_epoch_) election_ = elected.election;
}

PartitionChange::Elected PartitionChange::choose_leader() const {
  const base::BrokerId preferred = next_.replicas.front();
  if (policy_ == ElectionPolicy::kPreferred && may_lead(preferred)) {
    return {preferred, take_over(preferred)};
  }
  if (may_lead(before_.leader)) return {before_.leader, take_over(before_.leader)};
  for (const base::BrokerId replica : next_.replicas) {
    if (may_lead(replica)) return {replica, take_over(replica)};
  }
  if (may_elect_last_known()) {
    return {before_.last_known_eligible_leader_replicas.front(), Election::kLastKnown};
  }
  if (policy_ != ElectionPolicy::kUnclean) return {};
  for (const base::BrokerId replica : next_.replicas) {
    if (is_in_place(replica)) return {replica, Election::kUnclean};
  }
  return {};
}

Election PartitionChange::take_over(base::BrokerId replica) const {
  return contains(next_.in_sync_replicas, replica) ? Election::kClean : Election::kEligible;
}

bool PartitionChange::may_elect_last_known() const {
  const ReplicaList& last_known = before_.last_known_eligible_leader_replicas;
  return rules_.has_eligible_replicas && next_.in_sync_replicas.empty() &&
         next_.eligible_leader_replicas.empty() && last_known.size() == 1 &&
         contains(next_.replicas, last_known.front()) && is_in_place(last_known.front());
}

bool PartitionChange::may_lead(base::BrokerId replica) const {
  if (replica == base::kNoBroker) return false;
  const ReplicaList& candidates =
      next_.in_sync_replicas.empty() ? next_.eligible_leader_replicas : next_.in_sync_replicas;
  return contains(candidates, replica) && contains(next_.replicas, replica) && is_in_place(replica);
}

// Whether the replica's broker serves and has the directory with its log.
bool PartitionChange::is_in_place(base::BrokerId replica) const {
  if (replica == going_ || replica == crashed_ || replica == lost_) return false;
  const BrokerImage* broker = image_.find_broker(replica);
  if (broker == nullptr || (replica != returning_ && !is_live(image_, replica))) return false;
  const auto at = std::ranges::find(next_.replicas, replica);
  return at == next_.replicas.end() ||
         has_directory(*broker,
                       next_.directories[static_cast<std::size_t>(at - next_.replicas.begin())]);
}

// Without eligible replicas the last one in sync stays written down as such, gone as it is: it is
// who may lead again. Unless its log is gone.
void PartitionChange::keep_last_in_sync() {
  if (rules_.has_eligible_replicas || !next_.in_sync_replicas.empty()) return;
  next_.in_sync_replicas = without(before_.in_sync_replicas, lost_);
  std::erase_if(next_.in_sync_replicas,
                [this](base::BrokerId replica) { return !contains(next_.replicas, replica); });
}

// Who led when the partition lost its leader is remembered until it has one again.
void PartitionChange::update_last_known() {
  ReplicaList& last_known = next_.last_known_eligible_leader_replicas;
  std::erase(last_known, lost_);
  if (!rules_.has_eligible_replicas || !starts_epoch_) return;
  if (next_.leader != base::kNoBroker) {
    last_known.clear();
  } else if (before_.last_known_eligible_leader_replicas.empty() && before_.leader != lost_ &&
             before_.leader != base::kNoBroker) {
    last_known = {before_.leader};
  }
}

wire::PartitionChangeRecord PartitionChange::to_record() const {
  wire::PartitionChangeRecord record;
  record.topic_id = topic_.id;
  record.partition_id = index_;
  if (starts_epoch_) record.leader = next_.leader;
  put(before_.in_sync_replicas, next_.in_sync_replicas, record.isr);
  put(before_.replicas, next_.replicas, record.replicas);
  put(before_.directories, next_.directories, record.directories);
  put(before_.removing_replicas, next_.removing_replicas, record.removing_replicas);
  put(before_.adding_replicas, next_.adding_replicas, record.adding_replicas);
  put(before_.eligible_leader_replicas, next_.eligible_leader_replicas,
      record.eligible_leader_replicas);
  put(before_.last_known_eligible_leader_replicas, next_.last_known_eligible_leader_replicas,
      record.last_known_elr);
  if (next_.leader_recovery_state != before_.leader_recovery_state) {
    record.leader_recovery_state = next_.leader_recovery_state;
  }
  return record;
}

PartitionEvent PartitionChange::to_event(const Cause& cause) const {
  PartitionEvent event;
  event.topic_id = topic_.id;
  event.topic = topic_.name;
  event.partition = index_;
  event.partition_count = static_cast<std::int32_t>(topic_.partitions.size());
  event.election = election_;
  event.reassignment = reassignment_step();
  event.leader_before = before_.leader;
  event.leader = next_.leader;
  event.leader_epoch = base::LeaderEpoch(before_.leader_epoch.value() + (starts_epoch_ ? 1 : 0));
  event.in_sync_before = before_.in_sync_replicas;
  event.in_sync = next_.in_sync_replicas;
  event.eligible = next_.eligible_leader_replicas;
  event.replicas = next_.replicas;
  event.cause = cause;
  return event;
}

ReassignmentStep PartitionChange::reassignment_step() const {
  if (is_completed_) return ReassignmentStep::kCompleted;
  const bool is_same = next_.removing_replicas == before_.removing_replicas &&
                       next_.adding_replicas == before_.adding_replicas;
  if (is_same) return ReassignmentStep::kNone;
  if (!is_reassigning(next_)) return ReassignmentStep::kCancelled;
  return is_reassigning(before_) ? ReassignmentStep::kChanged : ReassignmentStep::kBegun;
}

void add(std::optional<PartitionChange::Built> built, Changes& changes) {
  if (!built) return;
  changes.records.emplace_back(std::move(built->record));
  changes.events.emplace_back(std::move(built->event));
}

PartitionImage after(const PartitionImage& partition, const wire::PartitionChangeRecord& record) {
  PartitionImage changed = partition;
  apply_change(record, changed);
  return changed;
}

}  // namespace odradek::metadata
