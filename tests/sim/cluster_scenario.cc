// SPDX-License-Identifier: Apache-2.0
#include "sim/cluster_scenario.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

#include "sim/cluster.h"
#include "sim/cluster_checks.h"
#include "sim/consumer.h"
#include "sim/decided.h"
#include "sim/deleter.h"
#include "sim/history.h"
#include "sim/mover.h"
#include "sim/step_checks.h"
#include "sim/workload.h"

namespace odradek::sim_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::int32_t kPartitions = 2;
constexpr std::int16_t kReplicas = 3;
constexpr const char* kGroup = "readers";
// Everything comes together again within that, once nothing is wrong any more.
constexpr env::Duration kPatience = minutes(10);
// Between two looks at everything that there is.
constexpr env::Duration kLookInterval = seconds(1);

// Small segments, few partitions of the group's topic, short times: a run is quick and rolls some.
constexpr std::string_view kProperties =
    "log.index.interval.bytes=512\n"
    "default.replication.factor=3\n"
    "min.insync.replicas=2\n"
    "offsets.topic.num.partitions=2\n"
    "offsets.topic.replication.factor=3\n"
    "log.flush.offset.checkpoint.interval.ms=300\n"
    "group.initial.rebalance.delay.ms=100\n"
    "replica.lag.time.max.ms=4000\n"
    "broker.session.timeout.ms=6000\n"
    "broker.heartbeat.interval.ms=1000\n"
    "leader.imbalance.check.interval.seconds=10\n"
    "unclean.leader.election.interval.ms=10000\n"
    "controlled.shutdown.retry.backoff.ms=500\n";

std::vector<Fault> kinds_of(const ClusterScenarioOptions& options, bool is_cached) {
  std::vector<Fault> kinds = options.kinds;
  for (int kind = 0; options.kinds.empty() && kind <= static_cast<int>(Fault::kLostDisk); ++kind) {
    kinds.push_back(static_cast<Fault>(kind));
  }
  if (is_cached) {
    std::erase_if(kinds, [](Fault kind) {
      return kind == Fault::kPowerCut || kind == Fault::kPowerCutAll || kind == Fault::kLostDisk;
    });
  }
  return kinds;
}

class ClusterScenario final : private ClusterScript {
 public:
  ClusterScenario(std::uint64_t seed, const ClusterScenarioOptions& options)
      : options_(options),
        is_cached_(seed % 4 == 3),
        cluster_(seed, {.brokers = options.brokers,
                        .properties = std::string(kProperties),
                        .disk = options.disk,
                        .network = options.network,
                        .trace_sink = options.trace_sink}),
        faults_(cluster_, kinds_of(options, is_cached_)),
        checks_(cluster_, history_, is_cached_) {
    note_decisions(cluster_.zookeeper(), history_);
  }

  ClusterOutcome run();

 private:
  void play();
  void start_all();
  void create_topics();
  void start_clients();
  void start_producers(const TopicView& topic);
  void go_through_faults();
  void go_through(Fault fault);
  void come_together();
  void stop_clients();
  void read_everything();
  void stop_all();
  void compare_disks();
  void wind_down();

  Cluster& cluster() override { return cluster_; }
  History& history() override { return history_; }
  void run_for(env::Duration duration) override;
  void wait_for(const std::function<bool()>& condition, const std::string& what) override;
  void wait_until_in_sync(const std::string& when) override;
  void move(const base::TopicPartition& partition, const std::vector<int>& replicas) override;
  void wait_for_moves() override;
  bool is_well() const { return history_.violations().empty(); }
  void take_problems();
  bool all_serve() const;
  bool producers_are_done() const;
  bool clients_are_done() const;
  env::sim::SimWorld& simulation() { return cluster_.simulation(); }
  env::Duration any(env::Duration low, env::Duration high) {
    return simulation().random().between(low, high);
  }
  std::unique_ptr<Router> make_router(const std::string& name) {
    return std::make_unique<Router>(cluster_.clients(), cluster_.addresses(), name);
  }

  const ClusterScenarioOptions& options_;
  // write.caching.
  const bool is_cached_;
  History history_;
  Cluster cluster_;
  Faults faults_;
  StepChecks checks_;
  ClusterOutcome outcome_;
  std::vector<TopicView> topics_;
  std::unique_ptr<Router> admin_;
  std::unique_ptr<Router> topic_maker_;
  std::unique_ptr<Mover> mover_;
  std::unique_ptr<Deleter> deleter_;
  int admin_tasks_ = 0;
  bool is_over_ = false;
  bool topics_are_made_ = false;
  std::vector<std::unique_ptr<bool>> moves_are_taken_;
  std::vector<std::unique_ptr<Producer>> producers_;
  std::vector<std::unique_ptr<Consumer>> consumers_;
  std::vector<std::unique_ptr<Router>> watchers_;
  std::vector<std::unique_ptr<Router>> readers_;
  // Of both kinds.
  std::vector<std::unique_ptr<bool>> watches_are_over_;
};

void ClusterScenario::take_problems() {
  for (const std::string& problem : cluster_.problems()) history_.violation(problem);
}

void ClusterScenario::wait_for(const std::function<bool()>& condition, const std::string& what) {
  if (!is_well()) return;
  if (!simulation().run_until([&] { return condition() || !cluster_.problems().empty(); },
                              kPatience)) {
    history_.violation(what + " did not happen within ten minutes");
  }
  take_problems();
}

void ClusterScenario::start_all() {
  for (int number = 1; number <= cluster_.size(); ++number) cluster_.start(number);
  wait_for([this] { return all_serve(); }, "the start of all brokers");
}

bool ClusterScenario::all_serve() const {
  for (int number = 1; number <= cluster_.size(); ++number) {
    if (!cluster_.is_serving(number)) return false;
  }
  return true;
}

void ClusterScenario::create_topics() {
  using Configs = std::map<std::string, std::string>;
  const std::vector<std::pair<std::string, Configs>> kinds = {
      {"two", {{"min.insync.replicas", "2"}}},
      {"one", {{"min.insync.replicas", "1"}}},
      {"any", {{"min.insync.replicas", "1"}, {"unclean.leader.election.enable", "true"}}}};
  history_.may_lose("any");
  admin_ = make_router("admin");
  admin_tasks_ = static_cast<int>(kinds.size());
  for (auto [name, configs] : kinds) {
    configs.emplace("segment.ms", "20000");
    if (is_cached_) configs.emplace("write.caching", "true");
    TopicView topic{name, {}, kPartitions, kReplicas};
    [](ClusterScenario& self, TopicView wanted, Configs with) -> Detached {
      TopicView created =
          co_await create_topic(*self.admin_, self.history_, std::move(wanted), std::move(with));
      self.topics_.push_back(std::move(created));
      --self.admin_tasks_;
    }(*this, std::move(topic), std::move(configs));
  }
  wait_for([this] { return admin_tasks_ == 0; }, "the creation of the topics");
  std::ranges::sort(topics_, {}, &TopicView::name);
  for (const TopicView& topic : topics_) {
    for (std::int32_t number = 0; number < topic.partitions; ++number) {
      checks_.add({topic.name, number});
    }
  }
}

void ClusterScenario::start_producers(const TopicView& topic) {
  // One that is idempotent can't go on behind what was lost.
  const bool may_lose = topic.name == "any";
  const std::vector<ProducerOptions> kinds = {
      {.name = topic.name + " steady", .is_idempotent = !may_lose, .in_flight = 1},
      // Of twelve a leader remembers the last five only.
      {.name = topic.name + " hasty",
       .is_idempotent = !may_lose,
       .in_flight = topic.name == "one" ? 12 : 4},
      {.name = topic.name + " plain", .is_idempotent = false, .in_flight = 1}};
  for (ProducerOptions kind : kinds) {
    kind.batches = 1'000'000;
    kind.longest_pause = milliseconds(600);
    producers_.push_back(std::make_unique<Producer>(cluster_.clients(), cluster_.addresses(),
                                                    history_, topic, std::move(kind)));
  }
}

void ClusterScenario::start_clients() {
  for (const TopicView& topic : topics_) {
    start_producers(topic);
    watchers_.push_back(make_router(topic.name + " watcher"));
    watches_are_over_.push_back(std::make_unique<bool>(false));
    watch_ends(*watchers_.back(), history_, topic, is_over_, *watches_are_over_.back());
    // Behind what was lost a reader can't go on.
    if (topic.name == "any") continue;
    readers_.push_back(make_router(topic.name + " reader"));
    watches_are_over_.push_back(std::make_unique<bool>(false));
    keep_reading(*readers_.back(), history_, topic, is_over_, *watches_are_over_.back());
  }
  for (int i = 0; i < 2; ++i) {
    consumers_.push_back(std::make_unique<Consumer>(cluster_.clients(), cluster_.addresses(),
                                                    history_, topics_.back(), kGroup));
  }
  for (const auto& producer : producers_) producer->start();
  for (const auto& consumer : consumers_) consumer->start();
  // With as many replicas as brokers there is nowhere to go.
  if (cluster_.size() > kReplicas && !options_.script) {
    mover_ = std::make_unique<Mover>(cluster_.clients(), cluster_.addresses(), topics_);
    mover_->start();
  }
  if (!options_.script) {
    deleter_ =
        std::make_unique<Deleter>(cluster_.clients(), cluster_.addresses(), history_, topics_);
    deleter_->start();
  }
  topic_maker_ = make_router("topic maker");
  TopicView pattern{"made", {}, 1, kReplicas};
  keep_creating_topics(*topic_maker_, history_, std::move(pattern), seconds(20), is_over_,
                       topics_are_made_);
}

void ClusterScenario::go_through_faults() {
  for (int i = 0; i < options_.faults && is_well(); ++i) {
    if (mover_) mover_->rest(false);
    // Some come right behind each other.
    run_for(any({}, simulation().random().chance(0.3) ? milliseconds(50) : seconds(8)));
    faults_.heal_some();
    go_through(faults_.draw());
    checks_.look();
    take_problems();
  }
  run_for(any({}, seconds(15)));
}

// Looks at everything on the way.
void ClusterScenario::run_for(env::Duration duration) {
  while (duration > env::Duration{} && is_well()) {
    const env::Duration step = std::min<env::Duration>(duration, kLookInterval);
    simulation().run_for(step);
    checks_.look();
    duration -= step;
  }
}

// What only one replica has goes with its disk, and with min.insync.replicas=1 whoever is in sync
// last is the only one: others have everything before a disk is lost, and nobody else fails until
// it is filled.
void ClusterScenario::go_through(Fault fault) {
  if (fault != Fault::kLostDisk) return faults_.begin(fault);
  faults_.heal_all();
  wait_until_in_sync("before a disk is lost");
  if (!is_well()) return;
  faults_.begin(fault);
  run_for(any({}, seconds(10)));
  faults_.heal_all();
  wait_until_in_sync("after a disk was lost");
  cluster_.disks_are_filled();
}

void ClusterScenario::move(const base::TopicPartition& partition,
                           const std::vector<int>& replicas) {
  std::vector<base::BrokerId> wanted;
  for (const int replica : replicas) wanted.emplace_back(replica);
  auto& is_taken = *moves_are_taken_.emplace_back(std::make_unique<bool>(false));
  sim_test::move(*admin_, partition, std::move(wanted), is_over_, is_taken);
}

void ClusterScenario::wait_for_moves() {
  wait_for([this] { return std::ranges::all_of(moves_are_taken_, [](auto& is) { return *is; }); },
           "the taking of a reassignment");
}

bool ClusterScenario::producers_are_done() const {
  return std::ranges::all_of(producers_, [](const auto& producer) { return producer->is_done(); });
}

void ClusterScenario::wait_until_in_sync(const std::string& when) {
  if (!is_well()) return;
  if (mover_) mover_->rest(true);
  // For longer than it takes to find somebody missing; looked at now and then.
  constexpr int kEnough = 30;
  int in_turn = 0;
  for (int tries = 0; tries < 2000 && in_turn < kEnough && is_well(); ++tries) {
    simulation().run_for(milliseconds(300));
    const bool is_in_sync = all_serve() && find_out_of_sync(cluster_.zookeeper()).empty();
    in_turn = is_in_sync ? in_turn + 1 : 0;
    take_problems();
  }
  if (const auto partition = find_out_of_sync(cluster_.zookeeper()); !partition.empty()) {
    history_.violation(fmt::format("not in sync {}: {}", when, partition));
  }
}

void ClusterScenario::come_together() {
  faults_.heal_all();
  for (const auto& producer : producers_) producer->stop();
  is_over_ = true;
  wait_for([this] { return producers_are_done(); }, "the end of producing");
  wait_for([this] { return topics_are_made_; }, "the end of making topics");
  if (mover_) {
    mover_->stop();
    wait_for([this] { return mover_->is_done(); }, "the end of moving");
  }
  if (deleter_) {
    deleter_->stop();
    wait_for([this] { return deleter_->is_done(); }, "the end of deleting");
  }
  wait_until_in_sync("at the end");
  for (const auto& consumer : consumers_) consumer->stop();
  for (const auto& consumer : consumers_) {
    wait_for([&] { return consumer->is_done(); }, "the end of consuming");
  }
  // High watermarks are heard of with the next fetch.
  simulation().run_for(seconds(2));
}

void ClusterScenario::read_everything() {
  if (!is_well()) return;
  admin_tasks_ = static_cast<int>(topics_.size()) + 1;
  for (const TopicView& topic : topics_) check_topic(*admin_, history_, topic, admin_tasks_);
  check_topics(*admin_, history_, admin_tasks_);
  wait_for([this] { return admin_tasks_ == 0; }, "reading everything");
}

void ClusterScenario::stop_all() {
  for (int number = 1; number <= cluster_.size() && is_well(); ++number) {
    cluster_.stop(number, minutes(2));
  }
  take_problems();
}

void ClusterScenario::compare_disks() {
  if (!is_well()) return;
  for (const TopicView& topic : topics_) {
    for (std::int32_t number = 0; number < topic.partitions; ++number) {
      const base::TopicPartition partition{topic.name, number};
      std::vector<ReplicaContent> replicas;
      for (const int broker : find_replicas(cluster_.zookeeper(), partition)) {
        replicas.push_back(read_replica(cluster_.host(broker).disk(),
                                        "/data/" + partition.to_string(),
                                        cluster_.name_of(broker)));
        check_promises(partition, replicas.back(), history_);
      }
      check_equal(partition, replicas, history_);
    }
  }
}

void ClusterScenario::play() {
  start_all();
  create_topics();
  if (!is_well()) return;
  start_clients();
  if (options_.script) {
    options_.script(*this);
  } else {
    go_through_faults();
  }
  come_together();
  read_everything();
  stop_all();
  compare_disks();
  if (!is_well()) return;
  start_all();
  wait_until_in_sync("after a start");
  read_everything();
}

bool ClusterScenario::clients_are_done() const {
  const auto is_done = [](const auto& client) { return client->is_done(); };
  return admin_tasks_ == 0 && std::ranges::all_of(producers_, is_done) &&
         std::ranges::all_of(consumers_, is_done) && (topics_are_made_ || !topic_maker_) &&
         (!mover_ || mover_->is_done()) && (!deleter_ || deleter_->is_done()) &&
         std::ranges::all_of(moves_are_taken_, [](const auto& is_taken) { return *is_taken; }) &&
         std::ranges::all_of(watches_are_over_, [](const auto& is_over) { return *is_over; });
}

void ClusterScenario::wind_down() {
  outcome_.violations = history_.violations();
  is_over_ = true;
  for (const auto& producer : producers_) producer->give_up();
  for (const auto& consumer : consumers_) consumer->give_up();
  for (const auto& watcher : watchers_) watcher->give_up();
  for (const auto& reader : readers_) reader->give_up();
  if (admin_) admin_->give_up();
  if (topic_maker_) topic_maker_->give_up();
  if (mover_) mover_->give_up();
  if (deleter_) deleter_->give_up();
  simulation().run_until([this] { return clients_are_done(); }, minutes(10));
  for (int number = 1; number <= cluster_.size(); ++number) cluster_.kill(number);
  cluster_.clients().kill();
  cluster_.clients().discard_tasks();
}

ClusterOutcome ClusterScenario::run() {
  const env::Duration begin = simulation().elapsed();
  play();
  outcome_.simulated = simulation().elapsed() - begin;
  outcome_.acknowledged = history_.acknowledged_count();
  outcome_.shown = history_.shown_count();
  outcome_.commits = history_.commit_count();
  outcome_.topics = history_.topics_created().size();
  outcome_.faults = faults_.begun();
  outcome_.starts = cluster_.starts();
  outcome_.looks = checks_.looks();
  outcome_.moves = mover_ ? mover_->moves() : 0;
  outcome_.deletions = deleter_ ? deleter_->deletions() : 0;
  if (const auto epoch = cluster_.zookeeper().node("/controller_epoch")) {
    const auto text = base::as_text(epoch->bytes.view());
    std::from_chars(text.data(), text.data() + text.size(), outcome_.controllers);
  }
  wind_down();
  outcome_.digest = simulation().trace_digest();
  outcome_.events = simulation().scheduler().trace().events();
  return outcome_;
}

}  // namespace

ClusterOutcome run_cluster_scenario(std::uint64_t seed, const ClusterScenarioOptions& options) {
  return ClusterScenario(seed, options).run();
}

}  // namespace odradek::sim_test
