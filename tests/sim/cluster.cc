// SPDX-License-Identifier: Apache-2.0
#include "sim/cluster.h"

#include <fmt/core.h>

#include <optional>
#include <utility>

#include "config/settings.h"
#include "quorum/zookeeper/session.h"

namespace odradek::sim_test {
namespace {

constexpr std::uint16_t kPort = 9092;
constexpr env::Duration kSessionTimeout = std::chrono::seconds(6);
constexpr env::Duration kRestartDelay = std::chrono::seconds(1);

std::string properties_of(int number, const std::string& name, const std::string& more) {
  return fmt::format(
      "broker.id={}\nlisteners=PLAINTEXT://{}:{}\nzookeeper.connect=zookeeper:2181\n"
      "log.dirs=/data\n{}",
      number, name, kPort, more);
}

}  // namespace

Cluster::Cluster(std::uint64_t seed, const ClusterOptions& options)
    : options_(options), simulation_(seed, options.network), zookeeper_(simulation_) {
  if (options.trace_sink) simulation_.set_trace_sink(options.trace_sink);
  for (int number = 1; number <= options.brokers; ++number) {
    Member& member = members_[number];
    member.host = &simulation_.add_host(name_of(number), {.disk = options.disk});
    // No process of ours yet.
    member.host->kill();
  }
  clients_ = &simulation_.add_host("clients");
}

Cluster::~Cluster() {
  for (int number = 1; number <= size(); ++number) kill(number);
  if (clients_->is_running()) clients_->kill();
  // The queues of killed starts would wait for what never comes.
  for (auto& queue : left_behind_) (void)queue.release();
}

Router::Brokers Cluster::addresses() const {
  Router::Brokers addresses;
  for (const auto& [number, member] : members_) {
    addresses[base::BrokerId(number)] = {name_of(number), kPort};
  }
  return addresses;
}

broker::Broker::MakeSession Cluster::make_session(int number) {
  return [this, number](quorum::zookeeper::SessionHandler handler) {
    return zookeeper_.make_session(name_of(number), host(number).world().loop(0),
                                   {.chroot = {}, .session_timeout = kSessionTimeout},
                                   std::move(handler));
  };
}

void Cluster::start(int number) {
  Member& member = members_.at(number);
  if (member.host->is_running()) return;
  member.host->restart();
  member.is_up = true;
  ++starts_;
  member.start = std::make_shared<Start>();
  member.starter = member.host->world().workers().make_queue("start", 1);
  member.starter->submit([this, number, start = member.start] { run_start(number, start); });
}

// On a thread of the host's pool.
void Cluster::run_start(int number, const std::shared_ptr<Start>& start) {
  Member& member = members_.at(number);
  auto settings = config::Settings::parse(
      "server.properties", properties_of(number, name_of(number), options_.properties), {});
  if (!settings) return problems_.push_back(settings.error().message);
  auto started = broker::Broker::start(member.host->world(), std::move(*settings),
                                       {.make_session = make_session(number)});
  if (start->is_abandoned || !member.host->is_running()) return;
  if (started) {
    member.broker = std::move(*started);
    member.broker->on_fatal([this, number](const base::Error& error) {
      if (may_starts_fail_) return;
      problems_.push_back(fmt::format("{} can't go on: {}", name_of(number), error.message));
    });
    member.start.reset();
  } else {
    start_failed(number, started.error().error);
  }
}

// Without ZooKeeper there is no start; and where a disk was lost, ZooKeeper still has the broker of
// before until its session ends. Whoever watches over the process starts it again.
void Cluster::start_failed(int number, const base::Error& error) {
  const bool may_pass = error.message.contains("zookeeper.connection.timeout.ms") ||
                        error.message.contains("another broker has the id") ||
                        error.message.contains("initial.broker.registration.timeout.ms");
  if (!may_pass && !may_starts_fail_) {
    problems_.push_back(fmt::format("{} did not start: {}", name_of(number), error.message));
  }
  ++refused_starts_;
  simulation_.after(kRestartDelay, [this, number, start = members_.at(number).start] {
    if (start->is_abandoned) return;
    kill(number);
    this->start(number);
  });
}

// After the process ended, however it did.
void Cluster::ended(int number) {
  Member& member = members_.at(number);
  zookeeper_.process_ended(name_of(number));
  // What waits for the disk learns of the end.
  simulation_.run_for(std::chrono::milliseconds(5));
  if (member.start) {
    member.start->is_abandoned = true;
    member.start.reset();
    left_behind_.push_back(std::move(member.starter));
  }
  member.starter.reset();
  member.host->discard_tasks();
  member.broker.reset();
}

bool Cluster::stop(int number, env::Duration longest) {
  if (!is_serving(number)) return false;
  std::optional<base::Result<>> stopped;
  Member& member = members_.at(number);
  member.host->world().loop(0).post(
      [&] { member.broker->stop([&](base::Result<> result) { stopped = std::move(result); }); });
  if (!simulation_.run_until([&] { return stopped.has_value(); }, longest)) {
    problems_.push_back(name_of(number) + " did not stop");
  } else if (!*stopped) {
    problems_.push_back(
        fmt::format("unclean stop of {}: {}", name_of(number), stopped->error().message));
  }
  const bool was_clean = stopped && *stopped;
  kill(number);
  return was_clean;
}

void Cluster::kill(int number) {
  if (!std::exchange(members_.at(number).is_up, false)) return;
  host(number).kill();
  ended(number);
}

void Cluster::lose_disk(int number) {
  host(number).cut_power();
  kill(number);
  host(number).disk().replace();
  lost_disks_.insert(number);
}

// The ensemble hears no more of its session either.
void Cluster::pause(int number) {
  host(number).pause();
  zookeeper_.cut(name_of(number));
}

void Cluster::resume(int number) {
  host(number).resume();
  zookeeper_.heal(name_of(number));
}

void Cluster::heal() {
  simulation_.network().heal_all();
  for (int number = 1; number <= size(); ++number) {
    resume(number);
    zookeeper_.heal(name_of(number));
  }
  if (zookeeper_.is_away()) zookeeper_.come_back();
}

}  // namespace odradek::sim_test
