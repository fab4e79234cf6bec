// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/crc32c.h"
#include "env/sim/sim_world.h"
#include "quorum/zookeeper/engine.h"
#include "quorum/zookeeper/sim/sim_zookeeper.h"

// Brokers with nothing but their engine, on a simulated ensemble, for the engine's tests.
namespace odradek::quorum::zookeeper::engine_test {

using std::chrono::milliseconds;
using std::chrono::seconds;

// What a broker makes of the order: how much it has seen, a hash of all of it, and the newest value
// of each key that a record "key=value" sets.
struct State {
  std::uint64_t records = 0;
  std::uint64_t hash = 0;
  std::map<std::string, std::string> values;

  void apply(const std::vector<base::SharedBytes>& changed) {
    for (const base::SharedBytes& record : changed) {
      ++records;
      for (const std::uint8_t byte : record.view()) hash = (hash ^ byte) * 0x100000001b3ULL;
      hash = (hash ^ record.size()) * 0x100000001b3ULL;
      const std::string_view text = base::as_text(record.view());
      const std::size_t sign = text.find('=');
      if (marker_of(record.view()) == Marker::kNone && sign != std::string_view::npos) {
        values[std::string(text.substr(0, sign))] = text.substr(sign + 1);
      }
    }
  }
  std::vector<base::SharedBytes> to_snapshot() const {
    std::vector<base::SharedBytes> made = {
        to_bytes(std::to_string(records) + ' ' + std::to_string(hash))};
    for (const auto& [key, value] : values) made.push_back(to_bytes(key + '=' + value));
    return made;
  }
  static State from_snapshot(const std::vector<base::SharedBytes>& snapshot) {
    State state;
    state.apply({snapshot.begin() + 1, snapshot.end()});
    const std::string numbers(base::as_text(snapshot.front().view()));
    state.records = std::stoull(numbers);
    state.hash = std::stoull(numbers.substr(numbers.find(' ')));
    return state;
  }
  friend bool operator==(const State&, const State&) = default;
};

inline std::string view_path(const std::string& key) { return "/config/topics/" + key; }

// One broker's process.
class Broker final : public Listener {
 public:
  Broker(env::World& world, int id, EngineOptions options,
         const ZookeeperEngine::MakeSession& make_session)
      : world_(world), id_(id) {
    options.broker = base::BrokerId(id);
    engine_ = std::make_unique<ZookeeperEngine>(
        options, world.clock(), *this,
        [this](const base::SharedBytes&, std::move_only_function<void(bool)> done) {
          ++probes;
          run([this, done = std::move(done)]() mutable { done(other_answers); });
        },
        make_session);
  }
  static constexpr const char* kChroot = "/kafka";

  // On the broker's loop.
  void run(std::move_only_function<void()> step) { world_.loop(0).post(std::move(step)); }
  void start(const std::string& proposed_cluster_id, bool is_standing = true) {
    run([this, proposed_cluster_id, is_standing] {
      engine_->start(
          {proposed_cluster_id, false, origin}, [this, is_standing](base::Result<Started> result) {
            started = std::move(result);
            if (!*started) return;
            engine_->register_broker({base::BrokerId(id_), (*started)->cluster_id, directories},
                                     to_bytes("broker " + std::to_string(id_)));
            engine_->stand(is_standing);
          });
    });
  }
  // A commit of these values, with the view of each. `done` gets the outcome.
  void commit(std::vector<std::pair<std::string, std::string>> values,
              std::move_only_function<void(base::Result<Position>)> done) {
    run([this, values = std::move(values), done = std::move(done)]() mutable {
      if (!is_lead() || is_committing) {
        return done(base::fail(base::ErrorCode::kNotController, "not now"));
      }
      std::vector<base::SharedBytes> records;
      std::vector<ViewWrite> view;
      for (const auto& [key, value] : values) {
        records.push_back(to_bytes(key + '=' + value));
        view.push_back({.path = view_path(key),
                        .bytes = to_bytes(value),
                        .was_there = state.values.contains(key)});
      }
      is_committing = true;
      engine_->commit(records, std::move(view), world_.clock().wall(),
                      [this, done = std::move(done)](base::Result<Position> result) mutable {
                        is_committing = false;
                        const bool is_done = result.has_value();
                        done(std::move(result));
                        if (is_done && engine_->wants_snapshot()) write_snapshot();
                      });
    });
  }
  void write_snapshot() {
    engine_->write_snapshot(engine_->position(), base::Timestamp(1), state.to_snapshot(),
                            [this](base::Result<> result) {
                              if (result) ++snapshots_written;
                            });
  }

  void on_snapshot(const Snapshot& snapshot) override {
    ++snapshots_read;
    state = State::from_snapshot(snapshot.records);
    seen[snapshot.position.end_offset.value()] = state.hash;
  }
  void on_change(const Change& change) override {
    state.apply(change.records);
    seen[change.end.end_offset.value()] = state.hash;
  }
  void on_damage(const base::Error& error) override { damage = error.message; }
  void on_controller(const std::optional<ControllerInfo>& now) override { controller = now; }
  void on_elected(const Lead& lead, const std::vector<base::SharedBytes>& broken_off) override {
    elections.push_back(lead.epoch.value());
    if (!broken_off.empty()) take_back(broken_off);
  }
  void on_lost(const std::string& why) override { losses.push_back(why); }
  void on_brokers(const std::vector<LiveBrokers::Broker>& now) override {
    alive.clear();
    for (const auto& broker : now) alive.insert(broker.id.value());
  }
  void on_registered(std::int64_t zxid) override {
    is_registered = true;
    registrations.push_back(zxid);
  }
  void on_refused(const base::Error& error) override { refusal = error.message; }
  void on_reachable(bool now) override { is_reachable = now; }
  void on_expired() override { is_registered = false; }

  ZookeeperEngine& engine() { return *engine_; }
  bool is_lead() const { return engine_->lead().has_value() && !is_taking_back_; }
  int id() const { return id_; }

  std::vector<std::string> directories = {"directory"};
  base::SharedBytes origin;
  bool other_answers = false;
  int probes = 0;
  std::optional<base::Result<Started>> started;
  State state;
  // By end offset, what had been seen then.
  std::map<std::int64_t, std::uint64_t> seen;
  std::string damage;
  std::string refusal;
  std::optional<ControllerInfo> controller;
  std::vector<int> elections;
  std::vector<std::string> losses;
  std::set<int> alive;
  std::vector<std::int64_t> registrations;
  bool is_registered = false;
  bool is_reachable = false;
  bool is_committing = false;
  int snapshots_written = 0;
  int snapshots_read = 0;

 private:
  // With the view of all that the change was to set.
  void take_back(const std::vector<base::SharedBytes>& broken_off) {
    State shown;
    shown.apply(broken_off);
    std::vector<ViewWrite> view;
    for (const auto& [key, value] : shown.values) {
      const auto old = state.values.find(key);
      view.push_back(
          {.path = view_path(key), .bytes = {}, .is_removal = old == state.values.end()});
      if (old != state.values.end()) view.back().bytes = to_bytes(old->second);
    }
    is_taking_back_ = true;
    engine_->take_back(std::move(view), world_.clock().wall(),
                       [this](const base::Result<Position>&) { is_taking_back_ = false; });
  }

  env::World& world_;
  const int id_;
  std::unique_ptr<ZookeeperEngine> engine_;
  bool is_taking_back_ = false;
};

class Cluster {
 public:
  explicit Cluster(std::uint64_t seed, int count = 3, EngineOptions options = {})
      : world(seed), ensemble(world), options_(std::move(options)) {
    ensemble.set_observer(
        [this](std::int64_t, SessionId session, const std::vector<sim::Tree::Change>& changes) {
          for (const auto& change : changes) observe(session, change);
        });
    for (int id = 1; id <= count; ++id) {
      hosts.push_back(&world.add_host("broker" + std::to_string(id)));
      brokers.push_back(make_broker(id));
    }
  }
  ~Cluster() {
    for (auto* host : hosts) {
      if (host->is_running()) host->kill();
    }
    brokers.clear();
  }

  std::unique_ptr<Broker> make_broker(int id) {
    return make_broker(id, *hosts[static_cast<std::size_t>(id - 1)]);
  }
  std::unique_ptr<Broker> make_broker(int id, env::sim::SimHost& host) {
    return std::make_unique<Broker>(host.world(), id, options_, [&](SessionHandler handler) {
      return ensemble.make_session(host.name(), host.world().loop(0), {.chroot = Broker::kChroot},
                                   std::move(handler));
    });
  }
  void start_all() {
    for (auto& broker : brokers) broker->start("cluster" + std::to_string(broker->id()));
  }
  Broker& broker(int id) { return *brokers[static_cast<std::size_t>(id - 1)]; }
  // SIGKILL and a new process, later started by the test.
  void restart(int id) {
    env::sim::SimHost& host = *hosts[static_cast<std::size_t>(id - 1)];
    host.kill();
    ensemble.process_ended(host.name());
    brokers[static_cast<std::size_t>(id - 1)].reset();
    host.restart();
    brokers[static_cast<std::size_t>(id - 1)] = make_broker(id);
  }
  Broker* lead() {
    for (auto& broker : brokers) {
      if (broker->is_lead()) return broker.get();
    }
    return nullptr;
  }
  [[nodiscard]] bool run_until(const std::function<bool()>& condition) {
    return world.run_until(condition, seconds(120));
  }
  // Commits by whoever leads and waits for the outcome.
  base::Result<Position> commit(std::vector<std::pair<std::string, std::string>> values) {
    if (!run_until([&] { return lead() != nullptr; })) {
      return base::fail(base::ErrorCode::kNotController, "nobody leads");
    }
    std::optional<base::Result<Position>> outcome;
    lead()->commit(std::move(values), [&](base::Result<Position> result) { outcome = result; });
    EXPECT_TRUE(run_until([&] { return outcome.has_value(); }));
    return *outcome;
  }
  // All have told everything that was decided.
  bool is_settled() {
    for (auto& broker : brokers) {
      if (broker->engine().next_offset() != truth_end || !broker->is_registered) return false;
      if (!broker->controller || broker->state != truth) return false;
    }
    return lead() != nullptr;
  }

  // What stands in the log, checked as it is decided.
  void observe(SessionId session, const sim::Tree::Change& change) {
    constexpr std::string_view kChanges = "/kafka/odradek/changes/";
    if (change.event != WatchEvent::kCreated || !change.path.starts_with(kChanges)) return;
    const auto offset = parse_change_name(change.path.substr(kChanges.size()));
    ASSERT_TRUE(offset);
    ASSERT_EQ(*offset, truth_end);
    auto parsed = parse_batch(change.bytes, change.path);
    ASSERT_TRUE(parsed) << parsed.error().message;
    truth_end = parsed->end.end_offset;
    const std::int32_t epoch = parsed->end.epoch.value();
    ASSERT_GE(epoch, truth_epoch);
    truth_epoch = epoch;
    // Who lost the epoch writes nothing, and an epoch has one writer.
    const auto current = ensemble.node("/kafka/controller_epoch");
    ASSERT_EQ(parse_epoch(current->bytes.view()), epoch);
    ASSERT_EQ(writers.emplace(epoch, session).first->second, session);
    if (marker_of(parsed->records.front().view()) == Marker::kBegin) transaction.emplace();
    if (marker_of(parsed->records.front().view()) == Marker::kAbort) {
      transaction.reset();
      ++aborts;
      return;
    }
    if (!transaction) return decide(parsed->records);
    transaction->insert(transaction->end(), parsed->records.begin(), parsed->records.end());
    if (marker_of(parsed->records.back().view()) != Marker::kEnd) return;
    decide(*transaction);
    transaction.reset();
  }
  void decide(const std::vector<base::SharedBytes>& records) {
    truth.apply(records);
    for (const base::SharedBytes& record : records) {
      // As much of a value as tells it from others.
      const std::string text(base::as_text(record.view()));
      decided.insert(text.substr(0, text.find('=') + 21));
    }
  }

  env::sim::SimWorld world;
  sim::SimZookeeper ensemble;
  std::vector<env::sim::SimHost*> hosts;
  std::vector<std::unique_ptr<Broker>> brokers;
  State truth;
  base::Offset truth_end{0};
  std::int32_t truth_epoch = 0;
  std::map<std::int32_t, SessionId> writers;
  std::optional<std::vector<base::SharedBytes>> transaction;
  int aborts = 0;
  std::set<std::string> decided;

 private:
  const EngineOptions options_;
};

}  // namespace odradek::quorum::zookeeper::engine_test
