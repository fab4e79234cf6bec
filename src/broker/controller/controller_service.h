// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "broker/cluster/broker_watch.h"
#include "broker/cluster/controller_calls.h"
#include "broker/runtime/metadata_runtime.h"
#include "config/live_settings.h"
#include "env/world.h"
#include "metadata/controller/broker_sessions.h"
#include "metadata/controller/events.h"
#include "metadata/controller/registration.h"

namespace odradek::broker {

// The active controller's part that other brokers ask for, and what it does by itself: brokers that
// are silent for broker.session.timeout.ms, or whose process is gone (BrokerWatch), are fenced,
// leaderships go back to preferred replicas (auto.leader.rebalance.enable), and partitions without
// a leader get an unclean one where that is allowed. Where this broker is not the controller every
// call ends with NOT_CONTROLLER.
//
// Threads: calls from any; the sessions belong to the queue of decisions.
class ControllerService final : public ControllerCalls {
 public:
  // Has a decision made and committed there: ZookeeperMetadata::decide.
  using Submit = std::function<void(MetadataRuntime::Decide, MetadataRuntime::Done)>;
  // Told of what was committed, in order; on the queue of decisions.
  using EventSink = std::function<void(const std::vector<metadata::Event>&)>;

  using ReplayAwaited = std::move_only_function<void(bool is_in_time)>;

  struct Options {
    std::string cluster_id;
    base::BrokerId self;
    // The inter-broker listener's name.
    std::string listener;
    // The file's: they are not dynamic.
    std::int64_t session_timeout_ms = 9000;
  };

  ControllerService(env::World& world, const config::LiveSettings& settings, Submit submit,
                    Options options, EventSink events);
  // After `stop`, or when the loops have ended.
  ~ControllerService() override;

  // On the queue of decisions.
  void on_elected(const metadata::ClusterImage& image);
  // Brokers came, went, or were fenced, as the controller decided.
  void follow_brokers(const metadata::ClusterImage& image);
  // Configurations or features changed, as the controller decided.
  void follow_configs(const metadata::ImageDelta& delta, const metadata::ClusterImage& image);
  void on_lost();
  // unclean.leader.election.enable was changed for all topics: partitions without a leader get one
  // at once, where this broker decides. Threads: any.
  void elect_unclean_soon();
  // The broker's session with ZooKeeper, of `session_ms`, is over: it is fenced at once, where this
  // broker decides and has not heard of it. Threads: any.
  void fence_expired(base::BrokerId broker, std::int64_t broker_epoch, std::int64_t session_ms);
  // Nothing is done by itself any more. On loop 0.
  void stop();

  // Calls `done`, from any thread, once every broker that serves has replayed the metadata up to
  // `offset`, as it said itself, or when this broker is not the controller (any more); with false
  // when `limit` was over before.
  void await_replay(base::Offset offset, env::Duration limit, ReplayAwaited done);

  void register_broker(wire::BrokerRegistrationRequest request,
                       Handler<wire::BrokerRegistrationResponse> handler) override;
  void heartbeat(wire::BrokerHeartbeatRequest request,
                 Handler<wire::BrokerHeartbeatResponse> handler) override;
  void alter_partition(wire::AlterPartitionRequest request,
                       Handler<wire::AlterPartitionResponse> handler) override;
  void allocate_producer_ids(wire::AllocateProducerIdsRequest request,
                             Handler<wire::AllocateProducerIdsResponse> handler) override;
  void assign_directories(wire::AssignReplicasToDirsRequest request,
                          Handler<wire::AssignReplicasToDirsResponse> handler) override;

 private:
  class Timer;
  struct Waiter;

  // `decide(view)` gives a CausedDecision; `handler` its reply, once it is committed.
  template <typename Reply, typename Decide>
  void run(Decide decide, std::move_only_function<void(base::Result<Reply>)> handler);
  // The controller's own doing; `done` with whether anything was changed. Where that could not be
  // committed, and this is the controller still, `again` is called a while later.
  void change(std::function<metadata::Changes(const metadata::ControllerView&)> decide,
              std::function<void(bool is_changed)> done, std::function<void()> again);
  void try_to_register(std::shared_ptr<wire::BrokerRegistrationRequest> request, bool was_probed,
                       Handler<wire::BrokerRegistrationResponse> handler);
  // Its listener refuses: it is fenced at once.
  void fence_dead(base::BrokerId broker, std::int64_t broker_epoch);
  bool must_stay_fenced(const metadata::ClusterImage& image,
                        const wire::BrokerHeartbeatRequest& request);
  void fence_silent();
  void look_for_silence_in(std::int64_t delay_ms);
  void balance();
  void elect_unclean();
  void settle_min_in_sync();
  // On the queue of decisions.
  void tell_of_replay(const metadata::ClusterImage& image);
  std::int64_t now_ms() const;

  env::World& world_;
  const config::LiveSettings& settings_;
  const Submit submit_;
  const Options options_;
  const EventSink events_;
  metadata::BrokerSessions sessions_;
  // Brokers whose listener refused, in that epoch.
  struct Refusing {
    std::int64_t broker_epoch = -1;
    std::int64_t asked_again_ms = 0;
  };
  std::map<base::BrokerId, Refusing> refusing_;
  // When the look for the silent was to be made.
  std::atomic<std::int64_t> silence_due_ms_ = 0;
  std::atomic<bool> is_active_ = false;
  // Of loop 0; outlives this for timers that are under way.
  const std::shared_ptr<bool> is_stopped_ = std::make_shared<bool>(false);
  BrokerWatch watch_;
  // Of the queue of decisions.
  std::vector<std::shared_ptr<Waiter>> waiters_;
  std::shared_ptr<Timer> silence_timer_;
  std::shared_ptr<Timer> balance_timer_;
  std::shared_ptr<Timer> unclean_timer_;
};

}  // namespace odradek::broker
