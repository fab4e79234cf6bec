// SPDX-License-Identifier: Apache-2.0
#include "broker/start/running_broker.h"

#include <utility>

#include "base/log.h"
#include "broker/cluster/leadership_check.h"
#include "broker/controller/event_log.h"
#include "broker/replication/replication.h"
#include "broker/runtime/directory_assignments.h"
#include "broker/runtime/group/group_service.h"
#include "broker/runtime/producer_ids.h"
#include "broker/runtime/replicas.h"
#include "broker/runtime/wait.h"
#include "broker/start/cluster_node.h"
#include "net/http/http_server.h"
#include "net/server.h"
#include "replica/partition.h"

namespace odradek::broker {
namespace {

// Of two heartbeats in a session's time one may be lost.
void warn_of_rare_heartbeats(const config::Settings& settings) {
  const std::int64_t interval_ms = settings.number("broker.heartbeat.interval.ms");
  const std::int64_t session_ms = settings.number("broker.session.timeout.ms");
  if (2 * interval_ms <= session_ms) return;
  base::log::warn("broker",
                  "broker.heartbeat.interval.ms={} is more than half of "
                  "broker.session.timeout.ms={}: a heartbeat that is late makes the controller "
                  "take a live broker for dead",
                  interval_ms, session_ms);
}

}  // namespace

// The listeners belong to loop 0, which runs.
std::expected<void, StartError> RunningBroker::start_in_cluster() {
  if (auto done = on_loop([this] { return open_listeners(); }); !done) {
    return std::unexpected(start_error(StartFailure::kListener, std::move(done).error()));
  }
  warn_of_rare_heartbeats(settings_);
  advertise();
  for (auto step : {&RunningBroker::open_logs, &RunningBroker::join_cluster,
                    &RunningBroker::enter_cluster, &RunningBroker::serve_in_cluster}) {
    if (auto done = (this->*step)(); !done) {
      abandon();
      return std::unexpected(start_error(StartFailure::kDirectory, std::move(done).error()));
    }
  }
  return {};
}

// Clients are told the same by all brokers, this one included.
void RunningBroker::advertise() {
  for (std::size_t i = 0; i < listener_configs_.size(); ++i) {
    auto& advertised = listener_configs_[i].advertised;
    if (advertised) continue;
    advertised = bound_[i].address;
    if (advertised->host.empty()) {
      advertised->host = options_.host_name();
      base::log::info("broker", "{} is advertised as {}, this machine's name",
                      listener_configs_[i].name, advertised->to_string());
    }
    bound_[i].is_advertised = true;
  }
}

base::Result<> RunningBroker::serve_in_cluster() {
  auto done = cluster_->metadata().attach([this]() -> base::Result<> {
    if (auto started = start_partitions(); !started) return started;
    start_services();
    watch_disks();
    cluster_->follow();
    return on_loop([this] { return open_metrics(); });
  });
  if (!done) return done;
  act_on_settings();
  assignments_->check_all(*image_.load());
  replication_->start();
  if (options_.on_entering) options_.on_entering();
  cluster_->serve();
  cluster_->await_unfenced();
  sessions_.serve(*services_);
  auto served = on_loop([this]() -> base::Result<> {
    server_->start();
    return {};
  });
  producer_ids_->keep_reserve();
  return served;
}

// This broker may be the controller already, and is the only one then who knows that the others
// live: what they ask of it does not wait for its logs.
base::Result<> RunningBroker::serve_peers() {
  sessions_.serve_peers(*services_);
  return on_loop([this]() -> base::Result<> {
    server_->start(inter_broker_listener(settings_));
    return {};
  });
}

// After a start that failed. The loops run, and others may be at work here: in the order of a stop
// nobody is told of anything by a part that has not ended, and nothing runs that was begun.
void RunningBroker::abandon() {
  auto closed = std::make_shared<Wait<bool>>(world_.workers());
  world_.loop(0).post([this, closed] {
    is_stopping_ = true;
    metrics_.reset();
    if (groups_) groups_->stop();
    server_->stop(env::Duration::zero(), [closed] { closed->set(true); });
  });
  closed->take();
  if (!cluster_) return;
  leadership_check_->stop();
  cluster_->shut();
  metadata_->end();
  if (assignments_) assignments_->stop();
  if (replication_) replication_->stop();
  if (replicas_) replicas_->stop();
}

base::Result<> RunningBroker::on_loop(const std::function<base::Result<>()>& task) {
  auto done = std::make_shared<Wait<base::Result<>>>(world_.workers());
  world_.loop(0).post([done, &task] { done->set(task()); });
  return done->take();
}

base::Result<> RunningBroker::join_cluster() {
  ClusterNode::Options options;
  options.node = node_id_;
  options.listener = inter_broker_listener(settings_);
  options.make_session = options_.make_session;
  check_leaderships();
  options.on_reachable = [this](bool is_reachable) {
    leadership_check_->set_reachable(is_reachable);
  };
  options.on_events = [this](const auto& events) { events_->add(events); };
  options.on_fatal = [this](const base::Error& error) { die_of(error); };
  cluster_ = std::make_unique<ClusterNode>(world_, settings_, live_, *live_config_, image_, *logs_,
                                           std::move(options));
  metadata_ = &cluster_->metadata();
  auto cluster_id = cluster_->join();
  if (!cluster_id) return base::fail(std::move(cluster_id));
  cluster_id_ = *std::move(cluster_id);
  return logs_->begin({cluster_id_, node_id_});
}

// What others lead by now is led here no longer, though the metadata can't say so yet.
void RunningBroker::check_leaderships() {
  leadership_check_ = std::make_unique<LeadershipCheck>(
      world_, image_, node_id_, inter_broker_listener(settings_),
      [this] {
        LeadershipCheck::Led led;
        for (const auto& partition : partitions_.all()) {
          const auto epoch = partition->leader_epoch();
          if (partition->assignment()) {
            led.emplace(
                LeadershipCheck::Partition(partition->topic_id(), partition->name().partition),
                epoch);
          }
        }
        return led;
      },
      [this](const LeadershipCheck::Led& gone) {
        cluster_->metadata().run_in_turn([this, gone] {
          for (const auto& [key, epoch] : gone) {
            const auto partition = partitions_.find(key.first, key.second);
            if (partition == nullptr || !partition->assignment() ||
                partition->leader_epoch() != epoch) {
              continue;
            }
            base::log::warn("broker",
                            "{}: another broker leads it by now, as a third one says; ZooKeeper is "
                            "out of reach, and it is led here no longer",
                            partition->name().to_string());
            partition->become_follower(epoch);
            groups_->give_up(key.first, key.second);
          }
        });
      });
}

base::Result<> RunningBroker::enter_cluster() { return cluster_->enter(registration()); }

}  // namespace odradek::broker
