// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "metadata/controller/directories.h"
#include "metadata/controller/partition_change.h"
#include "metadata/controller/partitions.h"
#include "metadata/controller/placement.h"
#include "metadata/controller/registration.h"
#include "metadata/controller/topic_rules.h"
#include "metadata/test_cluster.h"

// For the controller's model test: the world that the deciders decide on, brokers and what is in
// their logs, and what must hold of it after every step: the metadata makes sense, and whoever
// leads has every record that was committed, unless it was said that it may not.
namespace odradek::metadata::testing {

using base::BrokerId;
using Log = std::vector<std::uint32_t>;
using Place = std::pair<base::TopicId, std::int32_t>;

constexpr std::int64_t kSessionMs = 100;

struct Replica {
  Log log;
  std::size_t flushed = 0;  // records of it that survive a crash
  base::Uuid directory;     // where it really lies
};

// A broker's machine and process.
struct Machine {
  std::vector<base::Uuid> disks;
  std::set<base::Uuid> failed;  // since the process started
  std::map<Place, Replica> replicas;
  bool is_up = false;
  bool is_stopping = false;
  base::Uuid incarnation;
  std::int64_t epoch = -1;             // of the running process; -1: not registered
  std::int64_t last_clean_epoch = -1;  // of the process that stopped in order
};

class ModelWorld {
 public:
  std::map<std::string, int> counts;  // what happened, to see that the test tests something
  std::vector<std::string> history;   // what was decided and why, to see how it came to a failure

 protected:
  explicit ModelWorld(std::uint64_t seed) : random_(seed), sessions_(kSessionMs) {}

  std::size_t pick(std::size_t below) { return random_() % below; }
  bool one_in(std::size_t n) { return pick(n) == 0; }
  base::Uuid new_uuid() { return base::Uuid::from_random(random_(), random_()); }
  Machine& machine(BrokerId id) { return machines_.at(id); }
  BrokerId any_broker() { return BrokerId(static_cast<std::int32_t>(pick(machines_.size()))); }
  const ClusterImage& image() const { return cluster_.image(); }

  static wire::FeatureLevelRecord feature(const std::string& name, std::int16_t level) {
    wire::FeatureLevelRecord record;
    record.name = name;
    record.feature_level = level;
    return record;
  }

  std::vector<std::pair<std::shared_ptr<const TopicImage>, std::int32_t>> partitions() const {
    std::vector<std::pair<std::shared_ptr<const TopicImage>, std::int32_t>> all;
    image().topics_by_id.for_each([&](const base::TopicId&, const auto& topic) {
      for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
        all.emplace_back(topic, static_cast<std::int32_t>(i));
      }
    });
    return all;
  }
  auto any_partition() {
    const auto all = partitions();
    return all[pick(all.size())];
  }
  static const PartitionImage& of(const std::shared_ptr<const TopicImage>& topic,
                                  std::int32_t index) {
    return topic->partitions[static_cast<std::size_t>(index)];
  }

  // The process is the one that the controller knows, and has the replica's disk.
  bool serves(BrokerId id, const Place& place) {
    const auto found = machines_.find(id);
    const BrokerImage* broker = image().find_broker(id);
    if (found == machines_.end() || broker == nullptr || broker->fenced) return false;
    const Machine& running = found->second;
    return running.is_up && running.epoch == broker->epoch &&
           !running.failed.contains(replica(id, place).directory);
  }
  Replica& replica(BrokerId id, const Place& place) {
    Machine& owner = machine(id);
    auto [found, is_new] = owner.replicas.try_emplace(place);
    if (is_new || found->second.directory.is_zero()) {
      found->second.directory = owner.disks[pick(owner.disks.size())];
      const auto& topic = image().find_topic(place.first);
      const auto& partition = of(topic, place.second);
      const auto at = std::ranges::find(partition.replicas, id);
      if (at != partition.replicas.end()) {
        const auto& written =
            partition.directories[static_cast<std::size_t>(at - partition.replicas.begin())];
        if (std::ranges::find(owner.disks, written) != owner.disks.end()) {
          found->second.directory = written;
        }
      }
    }
    return found->second;
  }

  void commit(const std::vector<MetadataRecord>& records, const std::vector<Event>& events,
              const std::string& what, bool admin_unclean = false) {
    const auto before = partitions();
    for (const auto& [topic, index] : before) {
      adding_[{topic->id, index}] = of(topic, index).adding_replicas;
    }
    cluster_.apply(records);
    for (const Event& event : events) history.push_back(what + ": " + describe(event));
    for (const Event& event : events) {
      const auto* change = std::get_if<PartitionEvent>(&event);
      if (change == nullptr) continue;
      ++counts[name_of(change->election)];
      note(*change, admin_unclean, what);
    }
    for (auto& [id, machine] : machines_) {
      if (machine.is_up) drop_strays(id);
    }
    check_epochs(before, what);
    check(what);
  }
  // A running broker deletes what it is no replica of.
  void drop_strays(BrokerId id) {
    std::erase_if(machine(id).replicas, [&](const auto& entry) {
      const auto& topic = image().find_topic(entry.first.first);
      return topic == nullptr || !contains(of(topic, entry.first.second).replicas, id);
    });
  }
  // Whether the controller knows in which directory the replica lies, or at least no other.
  bool is_where_it_is_said(BrokerId id, const Place& place) {
    const PartitionImage& partition = of(image().find_topic(place.first), place.second);
    const auto at = std::ranges::find(partition.replicas, id) - partition.replicas.begin();
    const base::Uuid& said = partition.directories[static_cast<std::size_t>(at)];
    return said.is_zero() || said == replica(id, place).directory;
  }
  void commit(const Changes& changes, const std::string& what) {
    commit(changes.records, changes.events, what);
  }

  // What was said of an election decides whether it may lose records.
  void note(const PartitionEvent& change, bool admin_unclean, const std::string& what) {
    const auto& topic = image().find_topic(change.topic_id);
    if (topic == nullptr) return;
    const TopicRules rules = rules_of(image(), cluster_.view().settings, *topic);
    const Place place{change.topic_id, change.partition};
    if (change.election == Election::kUnclean) {
      EXPECT_TRUE(rules.may_elect_uncleanly || admin_unclean) << what << describe(change);
      may_lose_.insert(place);
    }
    if (change.election == Election::kLastKnown && !rules.survives_crashes) {
      may_lose_.insert(place);
    }
    if (change.reassignment != ReassignmentStep::kNone) {
      ++counts["reassignment"];
    }
    // By the set; another target may have another list.
    if (change.reassignment == ReassignmentStep::kCompleted && what != "reassign" &&
        change.election != Election::kUnclean) {
      EXPECT_TRUE(contains_all(change.in_sync, adding_[place])) << what << describe(change);
    }
  }

  void check_epochs(
      const std::vector<std::pair<std::shared_ptr<const TopicImage>, std::int32_t>>& before,
      const std::string& what) {
    for (const auto& [topic, index] : before) {
      const auto& now = image().find_topic(topic->id);
      if (now == nullptr || now == topic) continue;
      const PartitionImage& was = of(topic, index);
      const PartitionImage& is = of(now, index);
      ASSERT_GE(is.leader_epoch, was.leader_epoch) << what;
      ASSERT_GE(is.partition_epoch, was.partition_epoch) << what;
      if (is.leader != was.leader) {
        ASSERT_GT(is.leader_epoch, was.leader_epoch) << what;
      }
      if (!(is == was)) {
        ASSERT_GT(is.partition_epoch, was.partition_epoch) << what;
      }
    }
  }

  void check(const std::string& what) {
    for (const auto& [topic, index] : partitions()) {
      const PartitionImage& partition = of(topic, index);
      SCOPED_TRACE(what + ": " + topic->name + "-" + std::to_string(index));
      check_sets(partition);
      check_leader(*topic, partition);
      check_log({topic->id, index}, partition);
    }
  }

  static void check_sets(const PartitionImage& partition) {
    ASSERT_FALSE(partition.replicas.empty());
    ASSERT_EQ(partition.replicas.size(), partition.directories.size());
    for (const auto* set :
         {&partition.replicas, &partition.in_sync_replicas, &partition.eligible_leader_replicas}) {
      ASSERT_EQ(std::set<BrokerId>(set->begin(), set->end()).size(), set->size()) << "doubles";
      ASSERT_TRUE(contains_all(partition.replicas, *set));
    }
    for (const BrokerId id : partition.eligible_leader_replicas) {
      ASSERT_FALSE(contains(partition.in_sync_replicas, id)) << "in sync and eligible";
    }
    ASSERT_TRUE(contains_all(partition.replicas, partition.adding_replicas));
    ASSERT_TRUE(contains_all(partition.replicas, partition.removing_replicas));
    for (const BrokerId id : partition.adding_replicas) {
      ASSERT_FALSE(contains(partition.removing_replicas, id));
    }
  }

  std::string show(const PartitionImage& partition) {
    std::string text;
    for (std::size_t i = 0; i < partition.replicas.size(); ++i) {
      const BrokerId id = partition.replicas[i];
      text += std::to_string(id.value()) + (is_live(image(), id) ? " serves, in " : ", in ") +
              partition.directories[i].to_string() +
              (contains(partition.in_sync_replicas, id) ? ", in sync; " : "; ");
    }
    return text;
  }
  bool could_lead(const PartitionImage& partition, BrokerId id) {
    const BrokerImage* broker = image().find_broker(id);
    const auto at = std::ranges::find(partition.replicas, id);
    return is_live(image(), id) &&
           has_directory(
               *broker,
               partition.directories[static_cast<std::size_t>(at - partition.replicas.begin())]);
  }

  void check_leader(const TopicImage& topic, const PartitionImage& partition) {
    if (partition.leader != base::kNoBroker) {
      ASSERT_TRUE(contains(partition.in_sync_replicas, partition.leader));
      const BrokerImage* broker = image().find_broker(partition.leader);
      ASSERT_NE(broker, nullptr);
      ASSERT_FALSE(broker->fenced) << "a fenced leader";
      const auto at = std::ranges::find(partition.replicas, partition.leader);
      ASSERT_TRUE(has_directory(
          *broker,
          partition.directories[static_cast<std::size_t>(at - partition.replicas.begin())]))
          << "a leader without its disk: " << show(partition);
      return;
    }
    const TopicRules rules = rules_of(image(), cluster_.view().settings, topic);
    if (rules.has_eligible_replicas) {
      ASSERT_TRUE(partition.in_sync_replicas.empty()) << show(partition);
    }
    for (const auto* set : {&partition.in_sync_replicas, &partition.eligible_leader_replicas}) {
      for (const BrokerId id : *set) ASSERT_FALSE(could_lead(partition, id)) << "needless wait";
    }
  }

  void check_log(const Place& place, const PartitionImage& partition) {
    const BrokerId leader = partition.leader;
    if (leader == base::kNoBroker || !serves(leader, place)) return;
    const Log& log = replica(leader, place).log;
    Log& committed = committed_[place];
    if (may_lose_.erase(place) > 0) {
      const auto end = std::ranges::mismatch(log, committed).in2;
      committed.erase(end, committed.end());
      return;
    }
    ASSERT_GE(log.size(), committed.size()) << "committed records are lost";
    ASSERT_TRUE(std::equal(committed.begin(), committed.end(), log.begin()));
  }

  std::mt19937_64 random_;
  TestCluster cluster_;
  BrokerSessions sessions_;
  std::map<BrokerId, Machine> machines_;
  std::map<Place, Log> committed_;
  std::set<Place> may_lose_;
  std::map<Place, ReplicaList> adding_;  // what a reassignment waited for before the change
  std::int32_t brokers_ = 0;
  std::int64_t now_ = 0;
  std::uint32_t records_ = 0;
  int topics_ = 0;
};

}  // namespace odradek::metadata::testing
