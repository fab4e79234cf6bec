// SPDX-License-Identifier: Apache-2.0
#include "sim/scenario.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "broker/broker.h"
#include "config/settings.h"
#include "sim/consumer.h"
#include "sim/history.h"
#include "sim/workload.h"

namespace odradek::sim_test {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::int32_t kPartitions = 3;
constexpr std::uint16_t kPort = 9092;
constexpr const char* kTopic = "events";
// Above what any request asks the broker to wait.
constexpr env::Duration kAnswerTimeout = seconds(15);

// Small segments, so that a run rolls some; few partitions, so that it is quick.
constexpr std::string_view kProperties =
    "listeners=PLAINTEXT://:9092\n"
    "log.dirs=/data\n"
    "log.index.interval.bytes=512\n"
    "offsets.topic.num.partitions=2\n"
    "log.flush.offset.checkpoint.interval.ms=300\n"
    "group.initial.rebalance.delay.ms=100\n";

class Scenario {
 public:
  Scenario(std::uint64_t seed, const ScenarioOptions& options)
      : options_(options), simulation_(seed) {
    if (options.trace_sink) simulation_.set_trace_sink(options.trace_sink);
    host_ = &simulation_.add_host("broker", {.disk = options.disk});
    clients_ = &simulation_.add_host("clients");
    if (options.failing_call) {
      host_->disk().fail_operation(options.failing_call->number, options.failing_call->os_error);
    }
  }

  Outcome run();

 private:
  // Brings every client to its end, whatever came before.
  void wind_down();
  enum class Disturbance : std::uint8_t { kPowerCut, kKill, kFailedFlush };

  bool has_call_failed() const;
  void follow_up_failed_call();
  void check_that_all_are_answered();

  void play();
  void start_broker();
  void stop_broker();
  void restart_broker();
  void create_the_topic();
  void start_clients();
  std::vector<Disturbance> choose_disturbances();
  void go_through(Disturbance disturbance);
  void disturb_network();
  bool producers_are_done() const;
  void wait_for(const std::function<bool()>& condition, const char* what);
  void check();
  bool clients_are_done() const;
  env::Duration any(env::Duration low, env::Duration high) {
    return simulation_.random().between(low, high);
  }
  static Router::Brokers brokers() { return {{base::BrokerId(1), {"broker", kPort}}}; }

  const ScenarioOptions& options_;
  env::sim::SimWorld simulation_;
  env::sim::SimHost* host_ = nullptr;
  env::sim::SimHost* clients_ = nullptr;
  std::unique_ptr<broker::Broker> broker_;
  History history_;
  Outcome outcome_;
  TopicView topic_;
  std::unique_ptr<Router> admin_;
  std::unique_ptr<Router> topic_maker_;
  // What the admin client is still at.
  int admin_tasks_ = 0;
  bool is_failed_call_over_ = false;
  bool producing_is_over_ = false;
  bool topics_are_made_ = false;
  std::vector<std::unique_ptr<Producer>> producers_;
  std::vector<std::unique_ptr<Consumer>> consumers_;
};

void Scenario::wait_for(const std::function<bool()>& condition, const char* what) {
  if (!history_.violations().empty()) return;
  simulation_.run_until([&] { return condition() || has_call_failed(); }, minutes(10));
  if (has_call_failed()) follow_up_failed_call();
  if (!simulation_.run_until(condition, minutes(10))) {
    history_.violation(fmt::format("{} did not happen within ten minutes", what));
  }
}

// And nothing was done about it yet.
bool Scenario::has_call_failed() const {
  return options_.failing_call && !is_failed_call_over_ &&
         host_->disk().operations() > options_.failing_call->number;
}

// The broker goes on, or its directory is offline: either way it answers. After a while it ends, as
// its operator ends one with a bad disk, and starts again on the disk that is well.
void Scenario::follow_up_failed_call() {
  is_failed_call_over_ = true;
  simulation_.run_until([this] { return !producers_.empty() && producers_are_done(); },
                        kAnswerTimeout + seconds(1));
  check_that_all_are_answered();
  if (simulation_.random().chance(0.5)) {
    host_->cut_power();
    ++outcome_.power_cuts;
  } else {
    host_->kill();
  }
  restart_broker();
}

void Scenario::check_that_all_are_answered() {
  const auto check = [this](const Router& client) {
    if (client.oldest_request_age() < kAnswerTimeout) return;
    history_.violation(fmt::format("{} is left without an answer", client.client_id()));
  };
  if (admin_) check(*admin_);
  if (topic_maker_) check(*topic_maker_);
  for (const auto& producer : producers_) check(producer->router());
  for (const auto& consumer : consumers_) check(consumer->router());
}

void Scenario::start_broker() {
  auto settings = config::Settings::parse("server.properties", kProperties, {});
  if (!settings) return history_.violation(settings.error().message);
  auto started = broker::Broker::start(host_->world(), std::move(*settings), {});
  if (started) {
    broker_ = std::move(*started);
  } else if (has_call_failed()) {
    outcome_.was_start_refused = true;
    is_failed_call_over_ = true;
    host_->kill();
    restart_broker();
  } else if (host_->is_running()) {
    history_.violation("the broker did not start: " + started.error().error.message);
  }
}

void Scenario::stop_broker() {
  std::optional<base::Result<>> stopped;
  host_->world().loop(0).post(
      [&] { broker_->stop([&](base::Result<> result) { stopped = std::move(result); }); });
  if (!simulation_.run_until([&] { return stopped.has_value(); }, minutes(10))) {
    return history_.violation("the broker did not stop within ten minutes");
  }
  // A stop that could not be clean says so.
  const bool may_be_unclean = has_call_failed();
  is_failed_call_over_ |= may_be_unclean;
  if (!*stopped && !may_be_unclean) {
    history_.violation("unclean stop: " + stopped->error().message);
  }
}

// After the process ended, however it did.
void Scenario::restart_broker() {
  outcome_.disk_waits_on_loops += host_->disk_waits_on_loops();
  host_->disk().clear_faults();
  host_->discard_tasks();
  broker_.reset();
  host_->restart();
  start_broker();
}

void Scenario::create_the_topic() {
  admin_ = std::make_unique<Router>(*clients_, brokers(), "admin");
  admin_tasks_ = 1;
  [](Scenario& self) -> Detached {
    TopicView topic;
    topic.name = kTopic;
    topic.partitions = kPartitions;
    self.topic_ = co_await create_topic(*self.admin_, self.history_, std::move(topic),
                                        self.options_.topic_configs);
    --self.admin_tasks_;
  }(*this);
  wait_for([&] { return admin_tasks_ == 0; }, "the creation of the topic");
}

void Scenario::start_clients() {
  const std::vector<ProducerOptions> kinds = {
      {.name = "steady", .is_idempotent = true, .batches = 25},
      {.name = "hasty", .is_idempotent = true, .batches = 40, .in_flight = 4},
      {.name = "plain", .is_idempotent = false, .batches = 25}};
  for (ProducerOptions kind : kinds) {
    kind.is_idempotent = kind.is_idempotent && options_.has_idempotence;
    producers_.push_back(std::make_unique<Producer>(*clients_, brokers(), history_, topic_, kind));
  }
  for (int i = 0; options_.has_group && i < 2; ++i) {
    consumers_.push_back(
        std::make_unique<Consumer>(*clients_, brokers(), history_, topic_, "readers"));
  }
  for (const auto& producer : producers_) producer->start();
  for (const auto& consumer : consumers_) consumer->start();
  topic_maker_ = std::make_unique<Router>(*clients_, brokers(), "topic maker");
  keep_creating_topics(*topic_maker_, history_, {.name = "made", .id = {}, .partitions = 1},
                       milliseconds(300), producing_is_over_, topics_are_made_);
}

bool Scenario::producers_are_done() const {
  return std::ranges::all_of(producers_, [](const auto& producer) { return producer->is_done(); });
}

std::vector<Scenario::Disturbance> Scenario::choose_disturbances() {
  std::vector<Disturbance> chosen;
  chosen.insert(chosen.end(), static_cast<std::size_t>(options_.power_cuts),
                Disturbance::kPowerCut);
  chosen.insert(chosen.end(), static_cast<std::size_t>(options_.kills), Disturbance::kKill);
  chosen.insert(chosen.end(), static_cast<std::size_t>(options_.failed_flushes),
                Disturbance::kFailedFlush);
  for (std::size_t i = chosen.size(); i > 1; --i) {
    std::swap(chosen[i - 1], chosen[simulation_.random().below(i)]);
  }
  return chosen;
}

// Half of the ends come at some time, half at some operation of the disk.
void Scenario::go_through(Disturbance disturbance) {
  auto& random = simulation_.random();
  const bool is_power_cut = disturbance != Disturbance::kKill;
  const auto end = [this, is_power_cut] { is_power_cut ? host_->cut_power() : host_->kill(); };
  if (disturbance == Disturbance::kFailedFlush) {
    host_->disk().inject({.operation = env::sim::DiskOperation::kFlush,
                          .path_contains = "/data/",
                          .skip = static_cast<int>(random.below(100))});
  } else if (random.chance(0.5)) {
    host_->disk().before_operation(host_->disk().operations() + random.below(400), end);
  }
  simulation_.run_until([&] { return !host_->is_running(); }, any({}, seconds(2)));
  end();
  if (is_power_cut) ++outcome_.power_cuts;
  simulation_.run_for(any({}, seconds(3)));
  restart_broker();
  // Power may go again while the broker starts.
  while (broker_ == nullptr && history_.violations().empty()) restart_broker();
}

void Scenario::disturb_network() {
  if (!options_.is_network_shaky || producers_are_done()) {
    simulation_.network().heal_all();
    return;
  }
  auto& network = simulation_.network();
  switch (simulation_.random().below(4)) {
    case 0:
      network.reset_connections("broker", "clients");
      break;
    case 1:
      network.block("broker", "clients");
      break;
    case 2:
      network.block("clients", "broker");
      break;
    default:
      network.heal_all();
  }
  simulation_.after(any(milliseconds(1), milliseconds(400)), [this] { disturb_network(); });
}

void Scenario::check() {
  admin_tasks_ = 2;
  check_topic(*admin_, history_, topic_, admin_tasks_);
  check_topics(*admin_, history_, admin_tasks_);
  wait_for([&] { return admin_tasks_ == 0; }, "reading everything");
}

void Scenario::play() {
  start_broker();
  create_the_topic();
  if (!history_.violations().empty()) return;
  start_clients();
  disturb_network();
  for (const Disturbance disturbance : choose_disturbances()) {
    if (history_.violations().empty()) go_through(disturbance);
  }
  wait_for([this] { return producers_are_done(); }, "the end of producing");
  producing_is_over_ = true;
  simulation_.network().heal_all();
  simulation_.run_for(seconds(1));
  wait_for([this] { return topics_are_made_; }, "the end of making topics");
  for (const auto& consumer : consumers_) consumer->stop();
  for (const auto& consumer : consumers_) {
    wait_for([&] { return consumer->is_done(); }, "the end of consuming");
  }
  check();
  if (!history_.violations().empty()) return;
  stop_broker();
  host_->kill();
  restart_broker();
  check();
}

bool Scenario::clients_are_done() const {
  const auto is_done = [](const auto& client) { return client->is_done(); };
  return admin_tasks_ == 0 && std::ranges::all_of(producers_, is_done) &&
         std::ranges::all_of(consumers_, is_done) && (topics_are_made_ || !topic_maker_);
}

void Scenario::wind_down() {
  outcome_.violations = history_.violations();
  producing_is_over_ = true;
  for (const auto& producer : producers_) producer->give_up();
  for (const auto& consumer : consumers_) consumer->give_up();
  if (admin_) admin_->give_up();
  if (topic_maker_) topic_maker_->give_up();
  simulation_.run_until([this] { return clients_are_done(); }, minutes(10));
  host_->kill();
  clients_->kill();
  host_->discard_tasks();
  clients_->discard_tasks();
  broker_.reset();
}

Outcome Scenario::run() {
  play();
  outcome_.disk_waits_on_loops += host_->disk_waits_on_loops();
  outcome_.flushes = host_->disk().flushes();
  outcome_.disk_operations = host_->disk().operations();
  outcome_.acknowledged = history_.acknowledged_count();
  outcome_.shown = history_.shown_count();
  outcome_.commits = history_.commit_count();
  outcome_.topics = history_.topics_created().size();
  wind_down();
  outcome_.digest = simulation_.trace_digest();
  outcome_.events = simulation_.scheduler().trace().events();
  return outcome_;
}

}  // namespace

Outcome run_scenario(std::uint64_t seed, const ScenarioOptions& options) {
  return Scenario(seed, options).run();
}

}  // namespace odradek::sim_test
