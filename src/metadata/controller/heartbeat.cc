// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "metadata/controller/cluster.h"
#include "metadata/controller/registration.h"

namespace odradek::metadata {
namespace {

enum class State : std::uint8_t { kFenced, kServing, kShuttingDown, kStopped };

State state_of(const BrokerImage& broker) {
  if (broker.fenced) return State::kFenced;
  return broker.in_controlled_shutdown ? State::kShuttingDown : State::kServing;
}

class Heartbeat {
 public:
  Heartbeat(const ControllerView& view, BrokerSessions& sessions, const BrokerImage& broker,
            const wire::BrokerHeartbeatRequest& request)
      : view_(view), sessions_(sessions), broker_(broker), request_(request) {}

  HeartbeatDecision run() {
    // What a failed directory held is decided alone: what follows is decided on what that leaves.
    Changes changes = fail_directories(view_, broker_.id, request_.offline_log_dirs);
    const State state = changes.empty() ? next_state() : state_of(broker_);
    if (changes.empty()) changes = move_to(state);
    if (request_.cordoned_log_dirs) {
      for (auto& record : cordon(view_.image, broker_.id, *request_.cordoned_log_dirs)) {
        changes.records.push_back(std::move(record));
      }
    }
    follow(state, changes);
    HeartbeatDecision decision;
    decision.records = std::move(changes.records);
    decision.events = std::move(changes.events);
    wire::BrokerHeartbeatResponse response;
    response.is_caught_up = is_caught_up();
    response.is_fenced = state == State::kFenced || state == State::kStopped;
    response.should_shut_down = state == State::kStopped;
    decision.reply = response;
    return decision;
  }

 private:
  bool is_caught_up() const { return request_.current_metadata_offset.value() >= broker_.epoch; }
  bool leads() const { return leads_anything(view_.image, broker_.id); }

  State next_state() const {
    switch (state_of(broker_)) {
      case State::kFenced:
        if (request_.want_shut_down) return State::kStopped;
        return !request_.want_fence && is_caught_up() ? State::kServing : State::kFenced;
      case State::kServing:
        if (request_.want_fence) {
          return request_.want_shut_down ? State::kStopped : State::kFenced;
        }
        if (!request_.want_shut_down) return State::kServing;
        return leads() ? State::kShuttingDown : State::kStopped;
      default:
        return leads() || !sessions_.is_shutdown_known(view_.image, broker_.id)
                   ? State::kShuttingDown
                   : State::kStopped;
    }
  }

  Changes move_to(State state) const {
    switch (state) {
      case State::kServing:
        return unfence_broker(view_, broker_.id, {Reason::kBrokerCaughtUp, broker_.id});
      case State::kShuttingDown:
        return shut_down_broker(view_, broker_.id);
      case State::kStopped:
        return fence_broker(view_, broker_.id, {Reason::kControlledShutdown, broker_.id});
      default:
        return fence_broker(view_, broker_.id, {Reason::kAskedToBeFenced, broker_.id});
    }
  }

  // What the sessions must know of it. One that may stop is waited for no longer, and may come back
  // at once.
  void follow(State state, const Changes& changes) {
    if (state == State::kStopped) sessions_.forget(broker_.id);
    if (state != State::kShuttingDown) return;
    if (changes.empty() && sessions_.has_shutdown_offset(broker_.id)) return;
    sessions_.set_shutdown_offset(broker_.id,
                                  view_.image.end_offset + (std::ssize(changes.records) - 1));
  }

  const ControllerView& view_;
  BrokerSessions& sessions_;
  const BrokerImage& broker_;
  const wire::BrokerHeartbeatRequest& request_;
};

}  // namespace

HeartbeatDecision heartbeat(const ControllerView& view, BrokerSessions& sessions,
                            const wire::BrokerHeartbeatRequest& request, std::int64_t now_ms) {
  if (auto known = check_broker_epoch(view.image, request.broker_id, request.broker_epoch);
      !known) {
    HeartbeatDecision decision;
    decision.reply = base::fail(std::move(known));
    return decision;
  }
  sessions.hear(request.broker_id, request.broker_epoch, request.current_metadata_offset, now_ms);
  const BrokerImage& broker = *view.image.find_broker(request.broker_id);
  return Heartbeat(view, sessions, broker, request).run();
}

Changes fence_silent_broker(const ControllerView& view, BrokerSessions& sessions,
                            std::int64_t now_ms) {
  while (const auto silent = sessions.find_silent(view.image, now_ms)) {
    Changes changes = fence_broker(view, silent->broker,
                                   {Reason::kSessionExpired, silent->broker, silent->silent_ms});
    if (!changes.empty()) return changes;
    sessions.forget(silent->broker);
  }
  return {};
}

Changes fence_expired_broker(const ControllerView& view, BrokerSessions& sessions,
                             base::BrokerId broker, std::int64_t broker_epoch,
                             std::int64_t silent_ms) {
  if (!check_broker_epoch(view.image, broker, broker_epoch)) return {};
  if (sessions.has_reported(broker)) return {};
  sessions.forget(broker);
  return fence_broker(view, broker, {Reason::kSessionExpired, broker, silent_ms});
}

Changes fence_dead_broker(const ControllerView& view, BrokerSessions& sessions,
                          base::BrokerId broker, std::int64_t broker_epoch) {
  if (!check_broker_epoch(view.image, broker, broker_epoch)) return {};
  sessions.forget(broker);
  return fence_broker(view, broker, {Reason::kConnectionRefused, broker});
}

}  // namespace odradek::metadata
