// SPDX-License-Identifier: Apache-2.0
#include "broker/controller/controller_service.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/log.h"
#include "broker/cluster/listener_probe.h"
#include "metadata/controller/alter_partition.h"
#include "metadata/controller/directories.h"
#include "metadata/controller/eligible_replicas.h"
#include "metadata/controller/leader_balance.h"
#include "wire/messages/assign_replicas_to_dirs.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;
using metadata::ClusterImage;
using metadata::ControllerView;
using metadata::MetadataRecord;

constexpr auto kProbeTimeout = std::chrono::seconds(1);
// What the controller does by itself and could not commit is tried again.
constexpr auto kRetry = std::chrono::seconds(1);
// Later than such a share of a session, and silence proves nothing.
constexpr std::int64_t kLateShare = 4;
constexpr std::string_view kMayElectUncleanly = "unclean.leader.election.enable";

std::vector<env::Address> addresses_of(const metadata::BrokerImage& broker) {
  std::vector<env::Address> addresses;
  for (const auto& endpoint : broker.endpoints) addresses.push_back({endpoint.host, endpoint.port});
  return addresses;
}

bool is_at(const metadata::BrokerImage& broker, const wire::BrokerRegistrationRequest& request) {
  return std::ranges::equal(
      broker.endpoints, request.listeners, [](const auto& endpoint, const auto& listener) {
        return endpoint.host == listener.host && endpoint.port == listener.port;
      });
}

}  // namespace

// Somebody waits until everybody has replayed so much; told once. Threads: any.
struct ControllerService::Waiter {
  Waiter(base::Offset awaited, ReplayAwaited task) : offset(awaited), done(std::move(task)) {}

  void tell(bool is_in_time) {
    if (!told.exchange(true)) std::exchange(done, {})(is_in_time);
  }
  bool is_told() const { return told; }

  const base::Offset offset;
  ReplayAwaited done;
  std::atomic<bool> told = false;
};

// One timer of loop 0 that is set, and set again, from any thread.
class ControllerService::Timer : public std::enable_shared_from_this<Timer> {
 public:
  Timer(env::Executor& loop, std::function<void()> task) : loop_(loop), task_(std::move(task)) {}

  void set(std::int64_t delay_ms) {
    loop_.post([self = shared_from_this(), delay_ms] {
      self->loop_.cancel(self->timer_);
      if (!self->task_) return;
      self->timer_ = self->loop_.run_after(std::chrono::milliseconds(delay_ms), [self] {
        if (self->task_) self->task_();
      });
    });
  }
  // On the loop.
  void stop() {
    task_ = {};
    loop_.cancel(timer_);
  }

 private:
  env::Executor& loop_;
  std::function<void()> task_;
  env::Executor::TimerId timer_ = 0;
};

ControllerService::ControllerService(env::World& world, const config::LiveSettings& settings,
                                     Submit submit, Options options, EventSink events)
    : world_(world),
      settings_(settings),
      submit_(std::move(submit)),
      options_(std::move(options)),
      events_(std::move(events)),
      sessions_(options_.session_timeout_ms),
      watch_(world, options_.self, options_.listener,
             [this](base::BrokerId broker, std::int64_t epoch) { fence_dead(broker, epoch); }),
      silence_timer_(std::make_shared<Timer>(world.loop(0), [this] { fence_silent(); })),
      balance_timer_(std::make_shared<Timer>(world.loop(0), [this] { balance(); })),
      unclean_timer_(std::make_shared<Timer>(world.loop(0), [this] { elect_unclean(); })) {}

ControllerService::~ControllerService() = default;

std::int64_t ControllerService::now_ms() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             world_.clock().monotonic().time_since_epoch())
      .count();
}

void ControllerService::on_elected(const ClusterImage& image) {
  is_active_ = true;
  refusing_.clear();
  sessions_.activate(image, now_ms());
  watch_.follow(image);
  look_for_silence_in(options_.session_timeout_ms + 1);
  balance_timer_->set(settings_.number("leader.imbalance.check.interval.seconds") * 1000);
  unclean_timer_->set(settings_.number("unclean.leader.election.interval.ms"));
  settle_min_in_sync();
}

void ControllerService::on_lost() {
  is_active_ = false;
  sessions_ = metadata::BrokerSessions(options_.session_timeout_ms);
  watch_.end();
  for (const auto& waiter : std::exchange(waiters_, {})) waiter->tell(true);
}

void ControllerService::follow_brokers(const ClusterImage& image) {
  watch_.follow(image);
  tell_of_replay(image);
}

// Where a topic's own value goes, and that for all was true before, the next check finds it.
void ControllerService::follow_configs(const metadata::ImageDelta& delta,
                                       const ClusterImage& image) {
  const bool is_allowed = std::ranges::any_of(delta.changed_configs, [&](const auto& resource) {
    if (resource.type != metadata::ConfigResourceType::kTopic) return false;
    const auto* own = image.find_config(resource.type, resource.name);
    return own != nullptr && own->contains(kMayElectUncleanly);
  });
  if (is_allowed) elect_unclean_soon();
  const bool is_settled =
      !metadata::has_eligible_replicas(image) || metadata::cluster_min_in_sync(image) != nullptr;
  if (!is_settled) settle_min_in_sync();
}

void ControllerService::elect_unclean_soon() { unclean_timer_->set(0); }

void ControllerService::await_replay(base::Offset offset, env::Duration limit, ReplayAwaited done) {
  const auto waiter = std::make_shared<Waiter>(offset, std::move(done));
  world_.loop(0).run_after(std::max(limit, env::Duration{}), [waiter] { waiter->tell(false); });
  submit_(
      [this, waiter](const ClusterImage& image) {
        waiters_.push_back(waiter);
        tell_of_replay(image);
        return std::vector<MetadataRecord>{};
      },
      [waiter](const base::Result<>& begun) {
        if (!begun) waiter->tell(true);
      });
}

void ControllerService::tell_of_replay(const ClusterImage& image) {
  std::erase_if(waiters_, [&](const auto& waiter) {
    if (waiter->is_told()) return true;
    if (!sessions_.have_replayed(image, waiter->offset)) return false;
    waiter->tell(true);
    return true;
  });
}

void ControllerService::stop() {
  *is_stopped_ = true;
  watch_.end();
  for (const auto& timer : {silence_timer_, balance_timer_, unclean_timer_}) timer->stop();
}

template <typename Reply, typename Decide>
void ControllerService::run(Decide decide,
                            std::move_only_function<void(base::Result<Reply>)> handler) {
  struct Decided {
    Reply reply{};
    std::vector<metadata::Event> events;
  };
  auto decided = std::make_shared<Decided>();
  submit_(
      [this, decided, decide = std::move(decide)](const ClusterImage& image) mutable {
        const auto settings = settings_.current();
        auto decision = decide(ControllerView{image, *settings});
        decided->reply = std::move(decision.reply);
        decided->events = std::move(decision.events);
        return std::move(decision.records);
      },
      [this, decided, handler = std::move(handler)](base::Result<> committed) mutable {
        if (!committed) return handler(base::fail(std::move(committed)));
        if (!decided->events.empty()) events_(decided->events);
        handler(std::move(decided->reply));
      });
}

void ControllerService::change(std::function<metadata::Changes(const ControllerView&)> decide,
                               std::function<void(bool is_changed)> done,
                               std::function<void()> again) {
  run<bool>(
      [decide = std::move(decide)](const ControllerView& view) {
        metadata::Changes changes = decide(view);
        metadata::CausedDecision<bool> decision;
        decision.reply = !changes.empty();
        decision.records = std::move(changes.records);
        decision.events = std::move(changes.events);
        return decision;
      },
      [this, done = std::move(done), again = std::move(again)](base::Result<bool> is_changed) {
        if (is_changed) return done(*is_changed);
        if (!is_active_) return;
        world_.loop(0).run_after(kRetry, [again, is_stopped = is_stopped_] {
          if (!*is_stopped) again();
        });
      });
}

void ControllerService::register_broker(wire::BrokerRegistrationRequest request,
                                        Handler<wire::BrokerRegistrationResponse> handler) {
  try_to_register(std::make_shared<wire::BrokerRegistrationRequest>(std::move(request)), false,
                  std::move(handler));
}

// Where another process with the id may be alive, its address is tried, and the decision made anew.
void ControllerService::try_to_register(std::shared_ptr<wire::BrokerRegistrationRequest> request,
                                        bool was_probed,
                                        Handler<wire::BrokerRegistrationResponse> handler) {
  using Reply = base::Result<wire::BrokerRegistrationResponse>;
  auto old_addresses = std::make_shared<std::vector<env::Address>>();
  run<Reply>(
      [this, request, was_probed, old_addresses](const ControllerView& view) {
        const auto* known = view.image.find_broker(request->broker_id);
        if (known != nullptr) *old_addresses = addresses_of(*known);
        // Who has bound the address of the one before has taken its place.
        const bool is_dead = was_probed || (known != nullptr && is_at(*known, *request));
        return metadata::register_broker(view, sessions_, {options_.cluster_id, now_ms(), is_dead},
                                         *request);
      },
      [this, request, was_probed, old_addresses,
       handler = std::move(handler)](base::Result<Reply> outcome) mutable {
        if (!outcome) return handler(base::fail(std::move(outcome)));
        Reply& reply = *outcome;
        if (reply) {
          sessions_.hear(request->broker_id, reply->broker_epoch, now_ms());
          return handler(std::move(*reply));
        }
        const base::Error error = reply.error();
        const auto refuse = [request, error](Handler<wire::BrokerRegistrationResponse>& to) {
          base::log::warn("controller", "broker {} is refused: {}", request->broker_id.value(),
                          error.message);
          wire::BrokerRegistrationResponse response;
          response.error_code = error.code;
          to(response);
        };
        if (was_probed || error.code != ErrorCode::kDuplicateBrokerRegistration) {
          return refuse(handler);
        }
        probe_listeners(
            world_, *old_addresses, kProbeTimeout,
            [this, request, refuse, handler = std::move(handler)](ProbeAnswer answer) mutable {
              if (answer == ProbeAnswer::kAnswers) return refuse(handler);
              try_to_register(request, true, std::move(handler));
            });
      });
}

void ControllerService::heartbeat(wire::BrokerHeartbeatRequest request,
                                  Handler<wire::BrokerHeartbeatResponse> handler) {
  using Reply = base::Result<wire::BrokerHeartbeatResponse>;
  run<Reply>(
      [this, request = std::move(request)](const ControllerView& view) mutable {
        if (must_stay_fenced(view.image, request)) request.want_fence = true;
        auto decision = metadata::heartbeat(view, sessions_, request, now_ms());
        if (!waiters_.empty()) tell_of_replay(view.image);
        return decision;
      },
      [handler = std::move(handler)](base::Result<Reply> outcome) mutable {
        if (!outcome) return handler(base::fail(std::move(outcome)));
        if (*outcome) return handler(std::move(**outcome));
        wire::BrokerHeartbeatResponse response;
        response.error_code = outcome->error().code;
        handler(response);
      });
}

// It reports, and still nobody listens where it says that it can be reached: were it unfenced, it
// would be fenced at once, again and again. Asked with each heartbeat.
bool ControllerService::must_stay_fenced(const ClusterImage& image,
                                         const wire::BrokerHeartbeatRequest& request) {
  const auto refusing = refusing_.find(request.broker_id);
  if (refusing == refusing_.end()) return false;
  const auto* broker = image.find_broker(request.broker_id);
  if (broker == nullptr || broker->epoch != refusing->second.broker_epoch) {
    refusing_.erase(refusing);
    return false;
  }
  if (now_ms() < refusing->second.asked_again_ms) return true;
  refusing->second.asked_again_ms = now_ms() + std::chrono::milliseconds(2 * kProbeTimeout).count();
  const auto endpoint =
      std::ranges::find(broker->endpoints, options_.listener, &metadata::EndpointImage::listener);
  if (endpoint == broker->endpoints.end()) return false;
  const env::Address address{endpoint->host, endpoint->port};
  probe_listener(
      world_, address, kProbeTimeout, [this, address, id = request.broker_id](ProbeAnswer answer) {
        if (answer == ProbeAnswer::kRefuses) {
          base::log::warn("controller",
                          "broker {} reports, but stays fenced: nobody listens on {}:{}, "
                          "which is its advertised listener {}",
                          id.value(), address.host, address.port, options_.listener);
          return;
        }
        submit_(
            [this, id](const ClusterImage&) {
              refusing_.erase(id);
              return std::vector<MetadataRecord>{};
            },
            [](const base::Result<>&) {});
      });
  return true;
}

void ControllerService::alter_partition(wire::AlterPartitionRequest request,
                                        Handler<wire::AlterPartitionResponse> handler) {
  run<wire::AlterPartitionResponse>(
      [request = std::move(request)](const ControllerView& view) {
        return metadata::alter_partition(view, request,
                                         wire::AlterPartitionRequest::kLatestStableVersion);
      },
      std::move(handler));
}

void ControllerService::allocate_producer_ids(wire::AllocateProducerIdsRequest request,
                                              Handler<wire::AllocateProducerIdsResponse> handler) {
  run<wire::AllocateProducerIdsResponse>(
      [request](const ControllerView& view) {
        return metadata::allocate_producer_ids(view.image, request);
      },
      std::move(handler));
}

void ControllerService::assign_directories(wire::AssignReplicasToDirsRequest request,
                                           Handler<wire::AssignReplicasToDirsResponse> handler) {
  run<wire::AssignReplicasToDirsResponse>(
      [request = std::move(request)](const ControllerView& view) {
        return metadata::assign_replicas_to_dirs(view, request);
      },
      std::move(handler));
}

void ControllerService::look_for_silence_in(std::int64_t delay_ms) {
  silence_due_ms_ = now_ms() + delay_ms;
  silence_timer_->set(delay_ms);
}

void ControllerService::fence_silent() {
  change(
      [this](const ControllerView& view) {
        // This process stood still, or decided nothing: what the brokers said meanwhile may lie
        // unread in the sockets, or behind this in the queue.
        if (now_ms() - silence_due_ms_ > options_.session_timeout_ms / kLateShare) {
          sessions_.begin_anew(now_ms());
        }
        return metadata::fence_silent_broker(view, sessions_, now_ms());
      },
      [this](bool is_changed) {
        const auto next = sessions_.next_timeout_ms();
        if (!is_changed && !next) return look_for_silence_in(options_.session_timeout_ms + 1);
        look_for_silence_in(is_changed ? 0 : std::max<std::int64_t>(*next - now_ms(), 0) + 1);
      },
      [this] {
        silence_due_ms_ = now_ms();
        fence_silent();
      });
}

void ControllerService::balance() {
  const std::int64_t interval_ms =
      settings_.number("leader.imbalance.check.interval.seconds") * 1000;
  change(
      [](const ControllerView& view) {
        constexpr const char* kEnabled = "auto.leader.rebalance.enable";
        if (!view.settings.flag(kEnabled)) return metadata::Changes{};
        return metadata::balance_leaders(
            view, view.settings.number("leader.imbalance.per.broker.percentage"));
      },
      [this, interval_ms](bool is_changed) { balance_timer_->set(is_changed ? 0 : interval_ms); },
      [this] { balance(); });
}

void ControllerService::elect_unclean() {
  const std::int64_t interval_ms = settings_.number("unclean.leader.election.interval.ms");
  change(
      [](const ControllerView& view) { return metadata::elect_unclean_leaders(view); },
      [this, interval_ms](bool is_changed) { unclean_timer_->set(is_changed ? 0 : interval_ms); },
      [this] { elect_unclean(); });
}

void ControllerService::settle_min_in_sync() {
  change(
      [this](const ControllerView& view) {
        const auto layers = settings_.layers();
        metadata::Changes changes;
        changes.records = metadata::settle_min_in_sync(view.image, layers->file);
        return changes;
      },
      [this](bool is_changed) {
        if (!is_changed) return;
        base::log::info("controller",
                        "one min.insync.replicas holds for the cluster from now on, whatever "
                        "brokers' files say");
      },
      [this] { settle_min_in_sync(); });
}

void ControllerService::fence_expired(base::BrokerId broker, std::int64_t broker_epoch,
                                      std::int64_t session_ms) {
  change(
      [this, broker, broker_epoch, session_ms](const ControllerView& view) {
        return metadata::fence_expired_broker(view, sessions_, broker, broker_epoch, session_ms);
      },
      [](bool) {},
      [this, broker, broker_epoch, session_ms] {
        fence_expired(broker, broker_epoch, session_ms);
      });
}

void ControllerService::fence_dead(base::BrokerId broker, std::int64_t broker_epoch) {
  change(
      [this, broker, broker_epoch](const ControllerView& view) {
        refusing_[broker] = {broker_epoch};
        return metadata::fence_dead_broker(view, sessions_, broker, broker_epoch);
      },
      [](bool) {}, [this, broker, broker_epoch] { fence_dead(broker, broker_epoch); });
}

}  // namespace odradek::broker
