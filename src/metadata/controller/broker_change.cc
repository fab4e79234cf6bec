// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/broker_change.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "metadata/controller/partition_change.h"
#include "metadata/controller/placement.h"
#include "metadata/controller/topic_rules.h"

namespace odradek::metadata {
namespace {

constexpr std::int8_t kFence = 1;
constexpr std::int8_t kUnfence = -1;

bool counts_on(const PartitionImage& partition, base::BrokerId broker) {
  return partition.leader == broker || contains(partition.in_sync_replicas, broker);
}

// Goes through partitions and changes those that are wanted; a topic's rules are read once.
class Sweep {
 public:
  explicit Sweep(const ControllerView& view) : view_(view) {}

  // `prepare(change, partition)` tells the change what happened, or answers false: leave it alone.
  // At most `room` changes.
  template <typename Wanted, typename Prepare>
  void run(Wanted wanted, Prepare prepare, const Cause& cause, std::size_t room = SIZE_MAX) {
    view_.image.topics_by_id.for_each([&](const base::TopicId&, const auto& topic) {
      std::optional<TopicRules> rules;
      for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
        if (changes_.records.size() >= room) return;
        const PartitionImage& partition = topic->partitions[i];
        if (!wanted(partition)) continue;
        if (!rules) rules = rules_of(view_.image, view_.settings, *topic);
        PartitionChange change(view_.image, *topic, static_cast<std::int32_t>(i), *rules);
        if (rules->may_elect_uncleanly) change.set_policy(ElectionPolicy::kUnclean);
        prepare(change, partition, *rules);
        add(change.build(cause), changes_);
      }
    });
  }

  Changes take() { return std::move(changes_); }

 private:
  const ControllerView& view_;
  Changes changes_;
};

void leave(PartitionChange& change, const PartitionImage& partition, base::BrokerId broker) {
  change.broker_goes(broker);
  change.set_in_sync(without(partition.in_sync_replicas, broker));
}

// Everything that counts on the broker does without it.
void leave_all(Sweep& sweep, base::BrokerId broker, const Cause& cause) {
  sweep.run([&](const PartitionImage& partition) { return counts_on(partition, broker); },
            [&](PartitionChange& change, const PartitionImage& partition, const TopicRules&) {
              leave(change, partition, broker);
            },
            cause);
}

void add_step(Changes& changes, const BrokerImage& broker, BrokerStep step, const Cause& cause) {
  changes.events.emplace_back(BrokerEvent{broker.id, broker.epoch, step, cause});
}

wire::BrokerRegistrationChangeRecord change_of(const BrokerImage& broker) {
  wire::BrokerRegistrationChangeRecord record;
  record.broker_id = broker.id;
  record.broker_epoch = broker.epoch;
  return record;
}

base::Uuid directory_of(const PartitionImage& partition, base::BrokerId broker) {
  const auto at = std::ranges::find(partition.replicas, broker);
  if (at == partition.replicas.end()) return base::kDirectoryUnassigned;
  return partition.directories[static_cast<std::size_t>(at - partition.replicas.begin())];
}

bool is_written_down(const base::Uuid& directory) {
  return directory != base::kDirectoryUnassigned && directory != base::kDirectoryMigrating;
}

bool has(const std::vector<base::Uuid>& directories, const base::Uuid& directory) {
  return std::ranges::find(directories, directory) != directories.end();
}

// Whether the broker is known to have exactly the directories that it had.
bool has_its_directories(const BrokerImage* before, std::vector<base::Uuid> directories) {
  if (before == nullptr) return false;
  if (before->log_directories.empty()) return true;  // it never said which
  auto had = before->log_directories;
  std::ranges::sort(had);
  std::ranges::sort(directories);
  return had == directories;
}

}  // namespace

Changes fence_broker(const ControllerView& view, base::BrokerId broker, const Cause& cause) {
  const BrokerImage* registered = view.image.find_broker(broker);
  if (registered == nullptr || registered->fenced) return {};
  Sweep sweep(view);
  leave_all(sweep, broker, cause);
  Changes changes = sweep.take();
  auto record = change_of(*registered);
  record.fenced = kFence;
  changes.records.emplace_back(std::move(record));
  add_step(changes, *registered, BrokerStep::kFenced, cause);
  return changes;
}

Changes unfence_broker(const ControllerView& view, base::BrokerId broker, const Cause& cause) {
  const BrokerImage* registered = view.image.find_broker(broker);
  if (registered == nullptr || !registered->fenced) return {};
  Changes changes;
  auto record = change_of(*registered);
  record.fenced = kUnfence;
  changes.records.emplace_back(std::move(record));
  add_step(changes, *registered, BrokerStep::kUnfenced, cause);
  Sweep sweep(view);
  sweep.run(
      [&](const PartitionImage& partition) {
        return partition.leader == base::kNoBroker && contains(partition.replicas, broker);
      },
      [&](PartitionChange& change, const PartitionImage&, const TopicRules&) {
        change.broker_returns(broker);
      },
      cause);
  changes.append(sweep.take());
  return changes;
}

Changes shut_down_broker(const ControllerView& view, base::BrokerId broker,
                         std::size_t max_partitions) {
  const BrokerImage* registered = view.image.find_broker(broker);
  if (registered == nullptr || registered->fenced) return {};
  const Cause cause{Reason::kControlledShutdown, broker};
  Changes changes;
  if (!registered->in_controlled_shutdown) {
    auto record = change_of(*registered);
    record.in_controlled_shutdown = 1;
    changes.records.emplace_back(std::move(record));
    add_step(changes, *registered, BrokerStep::kShuttingDown, cause);
  }
  Sweep sweep(view);
  const auto goes = [&](PartitionChange& change, const PartitionImage& partition,
                        const TopicRules&) { leave(change, partition, broker); };
  sweep.run([&](const PartitionImage& partition) { return partition.leader == broker; }, goes,
            cause, max_partitions);
  sweep.run(
      [&](const PartitionImage& partition) {
        return partition.leader != broker && partition.leader != base::kNoBroker &&
               contains(partition.in_sync_replicas, broker);
      },
      goes, cause, max_partitions);
  changes.append(sweep.take());
  return changes;
}

bool leads_anything(const ClusterImage& image, base::BrokerId broker) {
  bool leads = false;
  image.topics_by_id.for_each([&](const base::TopicId&, const auto& topic) {
    leads = leads || std::ranges::any_of(topic->partitions, [&](const PartitionImage& partition) {
              return partition.leader == broker;
            });
  });
  return leads;
}

Changes forget_broker(const ControllerView& view, base::BrokerId broker) {
  const BrokerImage& registered = *view.image.find_broker(broker);
  const Cause cause{Reason::kBrokerUnregistered, broker};
  Sweep sweep(view);
  leave_all(sweep, broker, cause);
  Changes changes = sweep.take();
  wire::UnregisterBrokerRecord record;
  record.broker_id = broker;
  record.broker_epoch = registered.epoch;
  changes.records.emplace_back(std::move(record));
  add_step(changes, registered, BrokerStep::kUnregistered, cause);
  return changes;
}

Changes broker_came_back(const ControllerView& view, base::BrokerId broker, Restart restart,
                         const std::vector<base::Uuid>& directories, const Cause& cause) {
  const bool is_complete = has_its_directories(view.image.find_broker(broker), directories);
  const auto has_lost_log = [&](const PartitionImage& partition) {
    const base::Uuid directory = directory_of(partition, broker);
    return is_written_down(directory) ? !has(directories, directory) : !is_complete;
  };
  const base::Uuid new_place =
      directories.size() == 1 ? directories[0] : base::kDirectoryUnassigned;
  Sweep sweep(view);
  sweep.run(
      [&](const PartitionImage& partition) {
        return contains(partition.replicas, broker) &&
               (has_lost_log(partition) || counts_on(partition, broker) ||
                contains(partition.eligible_leader_replicas, broker) ||
                contains(partition.last_known_eligible_leader_replicas, broker));
      },
      [&](PartitionChange& change, const PartitionImage& partition, const TopicRules& rules) {
        const bool forgets = restart == Restart::kCrash && !rules.survives_crashes;
        change.broker_goes(broker);
        if (has_lost_log(partition)) {
          change.broker_lost_log(broker);
          if (is_written_down(directory_of(partition, broker))) {
            change.set_directory(broker, new_place);
          }
        } else if (forgets && rules.has_eligible_replicas) {
          change.broker_crashed(broker);
        } else {
          leave(change, partition, broker);
        }
      },
      cause);
  return sweep.take();
}

Changes fail_directories(const ControllerView& view, base::BrokerId broker,
                         const std::vector<base::Uuid>& failed) {
  const BrokerImage* registered = view.image.find_broker(broker);
  if (registered == nullptr) return {};
  auto left = registered->log_directories;
  std::erase_if(left, [&](const base::Uuid& directory) { return has(failed, directory); });
  if (left.size() == registered->log_directories.size()) return {};
  const Cause cause{Reason::kDirectoryFailed, broker};
  Sweep sweep(view);
  sweep.run(
      [&](const PartitionImage& partition) {
        if (!contains(partition.replicas, broker)) return false;
        const base::Uuid directory = directory_of(partition, broker);
        return has(failed, directory) ? counts_on(partition, broker) : !is_written_down(directory);
      },
      [&](PartitionChange& change, const PartitionImage& partition, const TopicRules&) {
        leave(change, partition, broker);
        if (!is_written_down(directory_of(partition, broker))) {
          change.set_directory(broker, base::kDirectoryLost);
        }
      },
      cause);
  Changes changes = sweep.take();
  // A broker without any directory is on its way out: Kafka has no record for an empty list.
  if (!left.empty()) {
    auto record = change_of(*registered);
    record.log_dirs = std::move(left);
    changes.records.emplace_back(std::move(record));
  }
  add_step(changes, *registered, BrokerStep::kLostDirectories, cause);
  return changes;
}

}  // namespace odradek::metadata
