// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/controller_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "metadata/controller/alter_partition.h"
#include "metadata/controller/directories.h"
#include "metadata/controller/leader_balance.h"
#include "metadata/controller/partition_change.h"
#include "metadata/controller/partitions.h"
#include "metadata/controller/registration.h"
#include "metadata/controller/topic_rules.h"

// The deciders against a small model of the world that they decide on: brokers that crash, stop,
// hang and lose disks, and logs that say which committed record is where. Everything comes from one
// seed. After every step the metadata must make sense, and whoever leads must have every record
// that was committed, unless it was said that it may not.
namespace odradek::metadata::testing {
namespace {

using base::ErrorCode;

constexpr int kSeeds = 150;
constexpr int kSteps = 400;
const std::string kClusterId = "the-cluster";

class World : public ModelWorld {
 public:
  World(std::uint64_t seed, bool has_elr) : ModelWorld(seed) {
    if (!has_elr) cluster_.apply({feature("eligible.leader.replicas.version", 0)});
    brokers_ = 2 + static_cast<std::int32_t>(pick(4));
    for (std::int32_t id = 0; id < brokers_; ++id) {
      Machine& machine = machines_[BrokerId(id)];
      const std::size_t disks = 1 + pick(2);
      for (std::size_t i = 0; i < disks; ++i) machine.disks.push_back(new_uuid());
    }
    for (auto& [id, machine] : machines_) {
      start(id);
      beat(id, {});
    }
    while (topics_ < 3) {
      for (auto& [id, machine] : machines_) beat(id, {});
      create_topic();
    }
    check("the beginning");
  }

  void step() {
    static const std::vector<std::pair<int, void (World::*)()>> kActions = {
        {14, &World::step_heartbeat}, {14, &World::step_produce},   {14, &World::step_fetch},
        {12, &World::step_alter},     {4, &World::step_crash},      {9, &World::step_start},
        {3, &World::step_stop},       {2, &World::step_lose_disk},  {6, &World::step_time},
        {3, &World::step_refused},    {2, &World::step_fail_disk},  {5, &World::step_assign},
        {4, &World::step_reassign},   {2, &World::step_cancel},     {3, &World::step_elect},
        {2, &World::step_balance},    {2, &World::step_unclean},    {1, &World::create_topic},
        {1, &World::step_unregister}, {1, &World::step_controller}, {3, &World::step_damage}};
    int total = 0;
    for (const auto& [weight, action] : kActions) total += weight;
    auto at = static_cast<int>(pick(static_cast<std::size_t>(total)));
    for (const auto& [weight, action] : kActions) {
      at -= weight;
      if (at >= 0) continue;
      (this->*action)();
      return;
    }
  }

 private:
  // --- what happens to brokers ---

  void start(BrokerId id) {
    Machine& starting = machine(id);
    if (!starting.is_up) {
      starting.is_up = true;
      starting.is_stopping = false;
      starting.failed.clear();
      drop_strays(id);
      starting.incarnation = new_uuid();
      starting.epoch = -1;
    }
    wire::BrokerRegistrationRequest request;
    request.broker_id = id;
    request.cluster_id = kClusterId;
    request.incarnation_id = starting.incarnation;
    request.previous_broker_epoch = starting.last_clean_epoch;
    for (const base::Uuid& disk : starting.disks) {
      if (!starting.failed.contains(disk)) request.log_dirs.push_back(disk);
    }
    for (const auto& [name, range] : supported_features()) {
      request.features.push_back({name, range.first, range.second});
    }
    RegistrationInputs inputs{kClusterId, now_, one_in(2)};
    auto decision = register_broker(cluster_.view(), sessions_, inputs, request);
    if (!decision.reply) {
      EXPECT_EQ(decision.reply.error().code, ErrorCode::kDuplicateBrokerRegistration)
          << decision.reply.error().message;
      ++counts["duplicate"];
      return;
    }
    starting.epoch = decision.reply->broker_epoch;
    commit(decision.records, decision.events, "register " + std::to_string(id.value()));
    sessions_.hear(id, starting.epoch, now_);
    ++counts["registered"];
  }

  void beat(BrokerId id, const std::vector<base::Uuid>& offline) {
    Machine& beating = machine(id);
    if (!beating.is_up || beating.epoch < 0) return;
    wire::BrokerHeartbeatRequest request;
    request.broker_id = id;
    request.broker_epoch = beating.epoch;
    const std::int64_t end = image().end_offset.value();
    request.current_metadata_offset =
        base::Offset(one_in(3) ? end - static_cast<std::int64_t>(pick(20)) : end - 1);
    request.want_shut_down = beating.is_stopping;
    request.offline_log_dirs = offline;
    auto decision = heartbeat(cluster_.view(), sessions_, request, now_);
    if (!decision.reply) {
      ASSERT_EQ(decision.reply.error().code, ErrorCode::kStaleBrokerEpoch);
      beating.epoch = -1;
      return;
    }
    commit(decision.records, decision.events, "heartbeat " + std::to_string(id.value()));
    if (!decision.reply->should_shut_down) return;
    ASSERT_TRUE(beating.is_stopping);
    ASSERT_FALSE(leads_anything(image(), id));
    beating.is_up = false;
    beating.last_clean_epoch = beating.epoch;
    for (auto& [place, replica] : beating.replicas) replica.flushed = replica.log.size();
    ++counts["stopped"];
  }

  void crash(BrokerId id) {
    Machine& crashing = machine(id);
    crashing.is_up = false;
    crashing.is_stopping = false;
    crashing.last_clean_epoch = -1;
    for (auto& [place, replica] : crashing.replicas) {
      const std::size_t kept = replica.flushed + pick(replica.log.size() - replica.flushed + 1);
      replica.log.resize(kept);
      replica.flushed = kept;
    }
  }

  void replace_disk(BrokerId id, base::Uuid disk) {
    Machine& losing = machine(id);
    history.push_back("new disk of " + std::to_string(id.value()));
    std::ranges::replace(losing.disks, disk, new_uuid());
    std::erase_if(losing.replicas,
                  [&](const auto& entry) { return entry.second.directory == disk; });
  }

  void step_heartbeat() {
    const BrokerId id = any_broker();
    const Machine& beating = machine(id);
    beat(id, {beating.failed.begin(), beating.failed.end()});
  }
  void step_crash() {
    const BrokerId id = any_broker();
    if (!machine(id).is_up) return;
    crash(id);
    history.push_back("crash of " + std::to_string(id.value()));
    ++counts["crashed"];
  }
  void step_start() {
    const BrokerId id = any_broker();
    if (machine(id).is_up && machine(id).epoch >= 0) return;
    start(id);
    beat(id, {});
  }
  void step_stop() { machine(any_broker()).is_stopping = true; }
  void step_lose_disk() {
    const BrokerId id = any_broker();
    Machine& losing = machine(id);
    if (losing.is_up) crash(id);
    replace_disk(id, losing.disks[pick(losing.disks.size())]);
    ++counts["disk replaced"];
  }
  void step_fail_disk() {
    const BrokerId id = any_broker();
    Machine& failing = machine(id);
    if (!failing.is_up || failing.epoch < 0 || failing.disks.size() < 2 ||
        !failing.failed.empty()) {
      return;
    }
    const base::Uuid disk = failing.disks[pick(failing.disks.size())];
    failing.failed.insert(disk);
    history.push_back("failed disk of " + std::to_string(id.value()));
    beat(id, {disk});
    if (one_in(2)) {  // for ever, as the next process finds
      crash(id);
      replace_disk(id, disk);
    }
    ++counts["disk failed"];
  }
  void step_time() {
    now_ += static_cast<std::int64_t>(pick(kSessionMs));
    for (auto& [id, machine] : machines_) {
      if (machine.is_up && machine.epoch >= 0 && !one_in(6))
        sessions_.hear(id, machine.epoch, now_);
    }
    for (Changes changes = fence_silent_broker(cluster_.view(), sessions_, now_); !changes.empty();
         changes = fence_silent_broker(cluster_.view(), sessions_, now_)) {
      commit(changes, "session over");
      ++counts["fenced"];
    }
  }
  void step_refused() {
    const BrokerId id = any_broker();
    const BrokerImage* broker = image().find_broker(id);
    if (machine(id).is_up || broker == nullptr) return;
    commit(fence_dead_broker(cluster_.view(), sessions_, id, broker->epoch), "refused");
  }
  void step_unregister() {
    const BrokerId id = any_broker();
    if (machine(id).is_up || image().find_broker(id) == nullptr) return;
    auto decision = unregister_broker(cluster_.view(), id, base::kNoBroker);
    commit(decision.records, decision.events, "unregister");
    ++counts["unregistered"];
  }
  void step_controller() { sessions_.activate(image(), now_); }
  void step_assign() {
    const BrokerId id = any_broker();
    if (!machine(id).is_up || machine(id).epoch < 0) return;
    wire::AssignReplicasToDirsRequest request;
    request.broker_id = id;
    request.broker_epoch = machine(id).epoch;
    for (const auto& [topic, index] : partitions()) {
      if (!contains(of(topic, index).replicas, id)) continue;
      const base::Uuid directory = replica(id, {topic->id, index}).directory;
      if (machine(id).failed.contains(directory)) continue;
      request.directories.push_back({directory, {{topic->id, {{index}}}}});
    }
    auto decision = assign_replicas_to_dirs(cluster_.view(), request);
    commit(decision.records, decision.events, "assign directories");
  }
  // A replica is found damaged; where the controller does without it, it is cut there.
  void step_damage() {
    const BrokerId id = any_broker();
    const auto [topic, index] = any_partition();
    const Place place{topic->id, index};
    if (!machine(id).is_up || machine(id).epoch < 0) return;
    if (!contains(of(topic, index).replicas, id) || !serves(id, place)) return;
    wire::AssignReplicasToDirsRequest request;
    request.broker_id = id;
    request.broker_epoch = machine(id).epoch;
    request.directories.push_back({base::kDirectoryLost, {{topic->id, {{index}}}}});
    auto decision = assign_replicas_to_dirs(cluster_.view(), request);
    const ErrorCode error =
        decision.reply.directories.at(0).topics.at(0).partitions.at(0).error_code;
    ASSERT_TRUE(error == ErrorCode::kNone || error == ErrorCode::kEligibleLeadersNotAvailable);
    ++counts["damaged " + std::string(base::error_name(error))];
    if (error != ErrorCode::kNone) return;
    Replica& damaged = replica(id, place);
    damaged.log.resize(pick(damaged.log.size() + 1));
    damaged.flushed = std::min(damaged.flushed, damaged.log.size());
    commit(decision.records, decision.events, "damaged " + std::to_string(id.value()));
  }

  // --- what happens to records ---

  // Without eligible replicas nobody asks how a broker stopped: it is trusted to have what it had.
  static bool keeps_records(const TopicRules& rules) {
    return rules.survives_crashes || !rules.has_eligible_replicas;
  }

  void step_produce() {
    const auto [topic, index] = any_partition();
    const Place place{topic->id, index};
    const PartitionImage& partition = of(topic, index);
    if (partition.leader == base::kNoBroker || !serves(partition.leader, place)) return;
    const TopicRules rules = rules_of(image(), cluster_.view().settings, *topic);
    Replica& leader = replica(partition.leader, place);
    leader.log.push_back(++records_);
    if (keeps_records(rules)) leader.flushed = leader.log.size();
    const bool all_serve = std::ranges::all_of(partition.in_sync_replicas,
                                               [&](BrokerId id) { return serves(id, place); });
    if (!all_serve || partition.in_sync_replicas.size() < rules.min_in_sync_replicas) return;
    for (const BrokerId id : partition.in_sync_replicas) copy(place, partition.leader, id, rules);
    committed_[place] = leader.log;
    ++counts["committed"];
  }
  void copy(const Place& place, BrokerId from, BrokerId to, const TopicRules& rules) {
    if (from == to) return;
    const Log log = replica(from, place).log;
    Replica& follower = replica(to, place);
    follower.log = log;
    follower.flushed = keeps_records(rules) ? log.size() : std::min(follower.flushed, log.size());
  }
  void step_fetch() {
    const auto [topic, index] = any_partition();
    const Place place{topic->id, index};
    const PartitionImage& partition = of(topic, index);
    if (partition.leader == base::kNoBroker || !serves(partition.leader, place)) return;
    const TopicRules rules = rules_of(image(), cluster_.view().settings, *topic);
    for (const BrokerId id : partition.replicas) {
      if (machine(id).is_up && serves(id, place)) copy(place, partition.leader, id, rules);
    }
  }

  // The leader puts those in the set that have its whole log, and leaves out who does not answer.
  void step_alter() {
    const auto [topic, index] = any_partition();
    const Place place{topic->id, index};
    const PartitionImage& partition = of(topic, index);
    const BrokerId leader = partition.leader;
    if (leader == base::kNoBroker || !serves(leader, place)) return;
    wire::AlterPartitionRequest request;
    request.broker_id = leader;
    request.broker_epoch = machine(leader).epoch;
    auto& asked = request.topics.emplace_back();
    asked.topic_id = topic->id;
    auto& wanted = asked.partitions.emplace_back();
    wanted.partition_index = index;
    wanted.leader_epoch = partition.leader_epoch;
    bool is_stale = one_in(8);
    wanted.partition_epoch = partition.partition_epoch - (is_stale ? 1 : 0);
    for (const BrokerId id : partition.replicas) {
      const bool has_all = serves(id, place) && is_where_it_is_said(id, place) &&
                           replica(id, place).log == replica(leader, place).log && !one_in(10);
      const BrokerImage* broker = image().find_broker(id);
      if (id != leader && !has_all) continue;
      const bool is_other_process = one_in(20);
      is_stale = is_stale || is_other_process;
      wanted.new_isr_with_epochs.push_back({id, broker->epoch - (is_other_process ? 1 : 0)});
    }
    const auto decision = alter_partition(cluster_.view(), request, 3);
    ASSERT_EQ(decision.reply.error_code, ErrorCode::kNone);
    const ErrorCode error = decision.reply.topics.at(0).partitions.at(0).error_code;
    ASSERT_FALSE(is_stale && decision.records.size() > 0) << "an old epoch was taken";
    ++counts["alter " + std::string(base::error_name(error))];
    commit(decision.records, decision.events, "alter");
  }

  // --- what clients ask for ---

  void create_topic() {
    auto topic = new_topic("t" + std::to_string(topics_), 1 + static_cast<std::int32_t>(pick(3)),
                           static_cast<std::int16_t>(1 + pick(3)));
    const auto add = [&](const char* key, const std::string& value) {
      topic.configs.push_back({key, value});
    };
    add("min.insync.replicas", std::to_string(1 + pick(2)));
    add("unclean.leader.election.enable", one_in(4) ? "true" : "false");
    add("write.caching", one_in(2) ? "true" : "false");
    const auto result = cluster_.create(topic);
    if (result.error_code == ErrorCode::kNone) {
      ++topics_;
    } else {
      ASSERT_EQ(result.error_code, ErrorCode::kInvalidReplicationFactor);
    }
    check("create");
  }
  void reassign(std::optional<ReplicaList> target) {
    const auto [topic, index] = any_partition();
    wire::AlterPartitionReassignmentsRequest request;
    request.topics.push_back({topic->name, {{index, std::move(target)}}});
    auto decision = alter_partition_reassignments(cluster_.view(), request);
    ++counts["reassign " + std::string(base::error_name(
                               decision.reply.responses.at(0).partitions.at(0).error_code))];
    commit(decision.records, decision.events, "reassign");
  }
  void step_reassign() {
    ReplicaList target;
    for (const auto& [id, broker] : image().brokers) target.push_back(id);
    if (target.empty()) return;
    std::ranges::shuffle(target, random_);
    target.resize(1 + pick(std::min<std::size_t>(target.size(), 3)));
    reassign(target);
  }
  void step_cancel() { reassign(std::nullopt); }
  void step_elect() {
    const bool is_unclean = one_in(4);
    const auto [topic, index] = any_partition();
    wire::ElectLeadersRequest request;
    request.election_type = is_unclean ? 1 : 0;
    request.topic_partitions->push_back({topic->name, {index}});
    auto decision = elect_leaders(cluster_.view(), request);
    commit(decision.records, decision.events, "elect", is_unclean);
  }
  void step_balance() { commit(balance_leaders(cluster_.view(), 10), "balance"); }
  void step_unclean() { commit(elect_unclean_leaders(cluster_.view()), "unclean"); }
};

void run(bool has_elr) {
  std::map<std::string, int> counts;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world(seed, has_elr);
    for (int i = 0; i < kSteps && !::testing::Test::HasFailure(); ++i) world.step();
    if (::testing::Test::HasFailure()) {
      for (const std::string& line : world.history) std::printf("%s\n", line.c_str());
      return;
    }
    for (const auto& [what, count] : world.counts) counts[what] += count;
  }
  for (const char* what :
       {"committed", "crashed", "disk replaced", "disk failed", "stopped", "duplicate", "fenced",
        "damaged NONE", "damaged ELIGIBLE_LEADERS_NOT_AVAILABLE", "unregistered", "reassignment",
        "clean", "unclean", "lost", "alter NONE", "alter INELIGIBLE_REPLICA",
        "alter NEW_LEADER_ELECTED", has_elr ? "eligible" : "clean",
        has_elr ? "last_known" : "clean"}) {
    EXPECT_GT(counts[what], 10) << what << " hardly happened: this tests little";
  }
}

TEST(ControllerModel, WithEligibleLeaderReplicas) { run(true); }
TEST(ControllerModel, WithoutEligibleLeaderReplicas) { run(false); }

}  // namespace
}  // namespace odradek::metadata::testing
