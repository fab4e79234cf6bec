// SPDX-License-Identifier: Apache-2.0
#include "broker/cluster/cluster_member.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "base/log.h"
#include "wire/messages/broker_heartbeat.h"
#include "wire/messages/broker_registration.h"

namespace odradek::broker {
namespace {

constexpr std::string_view kArea = "member";
constexpr int kFailuresToTell = 4;

// Its controller lets it go once every other broker has told that it knows the new leaders.
bool is_another_stopping(const metadata::ClusterImage& image, base::BrokerId self) {
  return std::ranges::any_of(image.brokers, [self](const auto& entry) {
    return entry.first != self && entry.second->in_controlled_shutdown && !entry.second->fenced;
  });
}

}  // namespace

struct ClusterMember::Core : std::enable_shared_from_this<Core> {
  Core(env::World& in, env::Executor& on, ControllerCalls& with,
       wire::BrokerRegistrationRequest said, const MembershipOptions& options)
      : world(in), loop(on), calls(with), registration(std::move(said)), membership(options) {}

  // Lets `change` act on the membership, then does what follows.
  template <typename Change>
  void act(Change change) {
    loop.post([core = shared_from_this(), change = std::move(change)]() mutable {
      if (core->is_dropped) return;
      change(*core);
      core->go_on();
    });
  }
  env::MonotonicTime now() const { return world.clock().monotonic(); }

  void go_on();
  void take_step(const Membership::Step& step);
  void send_registration();
  void send_heartbeat(const Membership::Step& step);
  void wait_until(env::MonotonicTime until);
  void follow_image();
  void tell();
  void tell_of_failure(const base::Error& error);

  env::World& world;
  env::Executor& loop;
  ControllerCalls& calls;
  const wire::BrokerRegistrationRequest registration;

  // All of the loop.
  Membership membership;
  Handler accepted;
  env::Task stopped;
  env::Executor::TimerId timer = 0;
  bool is_ready = false;
  bool is_dropped = false;
  int failures = 0;  // since the last answer
  std::shared_ptr<const metadata::ClusterImage> image;
  std::vector<base::Uuid> offline_directories;
  std::optional<std::vector<base::Uuid>> cordoned_directories;

  std::atomic<std::int64_t> broker_epoch = -1;
  std::atomic<bool> is_fenced = true;
};

void ClusterMember::Core::go_on() {
  take_step(membership.next(now()));
  broker_epoch = membership.broker_epoch();
  is_fenced = membership.is_fenced();
  tell();
}

void ClusterMember::Core::take_step(const Membership::Step& step) {
  switch (step.act) {
    case Membership::Act::kRegister:
      send_registration();
      return;
    case Membership::Act::kHeartbeat:
      send_heartbeat(step);
      return;
    case Membership::Act::kWait:
      if (step.until) wait_until(*step.until);
      return;
  }
}

void ClusterMember::Core::wait_until(env::MonotonicTime until) {
  loop.cancel(timer);
  timer = loop.run_after(until - now(), [weak = weak_from_this()] {
    const auto core = weak.lock();
    if (core && !core->is_dropped) core->go_on();
  });
}

void ClusterMember::Core::send_registration() {
  calls.register_broker(registration, [core = shared_from_this()](
                                          base::Result<wire::BrokerRegistrationResponse> answer) {
    core->act([answer = std::move(answer)](Core& self) {
      self.membership.on_registration(answer, self.now());
      if (self.membership.state() == Membership::State::kRegistering) {
        self.tell_of_failure(self.membership.error());
      } else if (answer && answer->error_code == base::ErrorCode::kNone) {
        base::log::info(kArea, "registered in epoch {}", answer->broker_epoch);
        self.failures = 0;
        self.follow_image();
      }
    });
  });
}

void ClusterMember::Core::send_heartbeat(const Membership::Step& step) {
  wire::BrokerHeartbeatRequest request;
  request.broker_id = registration.broker_id;
  request.broker_epoch = membership.broker_epoch();
  request.current_metadata_offset = image == nullptr ? base::kNoOffset : image->end_offset + -1;
  request.want_fence = step.wants_fence;
  request.want_shut_down = step.wants_shut_down;
  request.offline_log_dirs = offline_directories;
  request.cordoned_log_dirs = cordoned_directories;
  calls.heartbeat(std::move(request), [core = shared_from_this()](
                                          base::Result<wire::BrokerHeartbeatResponse> answer) {
    core->act([answer = std::move(answer)](Core& self) {
      const bool was_fenced = self.membership.is_fenced();
      self.membership.on_heartbeat(answer, self.now());
      if (!answer || answer->error_code != base::ErrorCode::kNone) {
        self.tell_of_failure(self.membership.error());
        return;
      }
      self.failures = 0;
      if (was_fenced != self.membership.is_fenced()) {
        base::log::info(kArea, "{} by the controller", was_fenced ? "unfenced" : "fenced");
      }
    });
  });
}

// One line for a time in which it does not go well; that a controller is elected is none.
void ClusterMember::Core::tell_of_failure(const base::Error& error) {
  if (++failures != kFailuresToTell) return;
  base::log::warn(kArea, "the controller was not reached, or refuses: {} ({})", error.message,
                  base::error_name(error.code));
}

void ClusterMember::Core::follow_image() {
  if (!is_ready || image == nullptr) return;
  const auto* self = image->find_broker(registration.broker_id);
  if (self == nullptr || self->incarnation_id != registration.incarnation_id) return;
  membership.on_caught_up(self->epoch, now());
}

void ClusterMember::Core::tell() {
  const auto state = membership.state();
  if (state == Membership::State::kRefused && accepted) {
    std::exchange(accepted, {})(base::fail(membership.error()));
  } else if (membership.broker_epoch() >= 0 && accepted) {
    std::exchange(accepted, {})({});
  }
  const bool is_over = state == Membership::State::kStopped || state == Membership::State::kRefused;
  if (!is_over || !stopped) return;
  if (!membership.left_because().empty()) {
    base::log::warn(kArea, "stops without having handed over what it leads: {}",
                    membership.left_because());
  }
  std::exchange(stopped, {})();
}

ClusterMember::ClusterMember(env::World& world, env::Executor& loop, ControllerCalls& calls,
                             ActiveController& active, wire::BrokerRegistrationRequest registration,
                             const MembershipOptions& options)
    : core_(std::make_shared<Core>(world, loop, calls, std::move(registration), options)) {
  active.watch([weak = std::weak_ptr(core_)](const std::optional<ControllerPlace>& place) {
    const auto core = weak.lock();
    if (core && place) core->act([](Core& self) { self.membership.hurry(self.now()); });
  });
}

ClusterMember::~ClusterMember() {
  core_->loop.post([core = core_] {
    core->is_dropped = true;
    core->loop.cancel(core->timer);
    core->accepted = {};
    core->stopped = {};
  });
}

void ClusterMember::start(Handler accepted) {
  core_->act([accepted = std::move(accepted)](Core& self) mutable {
    self.accepted = std::move(accepted);
    self.membership.begin(self.now());
  });
}

void ClusterMember::set_ready() {
  core_->act([](Core& self) {
    self.is_ready = true;
    self.follow_image();
  });
}

void ClusterMember::follow(const std::shared_ptr<const metadata::ClusterImage>& image,
                           bool is_waited_for) {
  core_->act([image, is_waited_for](Core& self) {
    self.image = image;
    self.follow_image();
    const bool is_stop_waited_for =
        image && is_another_stopping(*image, self.registration.broker_id);
    if (is_stop_waited_for || (is_waited_for && self.is_ready)) self.membership.hurry(self.now());
  });
}

void ClusterMember::set_offline_directories(std::vector<base::Uuid> ids) {
  core_->act([ids = std::move(ids)](Core& self) mutable {
    self.offline_directories = std::move(ids);
    self.membership.hurry(self.now());
  });
}

void ClusterMember::set_cordoned_directories(std::vector<base::Uuid> ids) {
  core_->act([ids = std::move(ids)](Core& self) mutable {
    self.cordoned_directories = std::move(ids);
    self.membership.hurry(self.now());
  });
}

void ClusterMember::register_anew() {
  core_->act([](Core& self) { self.membership.register_anew(self.now()); });
}

void ClusterMember::stop(env::Task stopped) {
  core_->act([stopped = std::move(stopped)](Core& self) mutable {
    self.stopped = std::move(stopped);
    self.membership.stop(self.now());
  });
}

void ClusterMember::give_up(std::string why) {
  core_->act([why = std::move(why)](Core& self) { self.membership.give_up(why); });
}

std::int64_t ClusterMember::broker_epoch() const { return core_->broker_epoch; }
bool ClusterMember::is_fenced() const { return core_->is_fenced; }

}  // namespace odradek::broker
