// SPDX-License-Identifier: Apache-2.0
#include "broker/cluster/membership.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/error_code.h"
#include "wire/messages/broker_heartbeat.h"
#include "wire/messages/broker_registration.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;
using std::chrono::milliseconds;

// After a failure; doubled with each, up to a heartbeat's interval.
constexpr env::Duration kFirstBackoff = milliseconds(50);
// While partitions are handed over: their clients wait.
constexpr env::Duration kHandOverInterval = milliseconds(10);

// An answer that has not come after so long while it hands over does not come: with ZooKeeper the
// controller decides nothing.
constexpr env::Duration kLongestSilence = std::chrono::seconds(10);

// Asking again does not help.
bool is_final(ErrorCode code) {
  return code == ErrorCode::kInconsistentClusterId || code == ErrorCode::kInvalidRegistration ||
         code == ErrorCode::kUnsupportedVersion;
}

// An answer has a code only; the sentence to it stands in the controller's log.
std::string refusal_of(ErrorCode code) {
  const char* hint = code == ErrorCode::kInvalidRegistration
                         ? "; as it does where the log directories are a copy of another broker's"
                         : "";
  return fmt::format("the controller refuses, and its log says why: {}{}", base::error_name(code),
                     hint);
}

template <typename Response>
base::Result<> outcome_of(const base::Result<Response>& answer) {
  if (!answer) return base::fail(answer.error());
  if (answer->error_code != ErrorCode::kNone) {
    return base::fail(answer->error_code, refusal_of(answer->error_code));
  }
  return {};
}

}  // namespace

MembershipOptions membership_options(const config::Settings& settings) {
  return {.heartbeat_interval = milliseconds(settings.number("broker.heartbeat.interval.ms")),
          .registration_timeout =
              milliseconds(settings.number("initial.broker.registration.timeout.ms")),
          .hands_over = settings.flag("controlled.shutdown.enable"),
          .max_shutdown_retries = settings.number("controlled.shutdown.max.retries"),
          .shutdown_retry_backoff =
              milliseconds(settings.number("controlled.shutdown.retry.backoff.ms"))};
}

void Membership::begin(env::MonotonicTime now) {
  state_ = State::kRegistering;
  due_ = now;
  give_up_ = now + options_.registration_timeout;
}

Membership::Step Membership::next(env::MonotonicTime now) {
  if (state_ == State::kIdle || is_over()) return {};
  if (is_in_flight_) {
    if (state_ != State::kHandingOver) return {};
    if (now < silent_until_) return {.until = silent_until_};
    give_up(fmt::format("the controller has not answered within {} s",
                        std::chrono::duration_cast<std::chrono::seconds>(kLongestSilence).count()));
    return {};
  }
  if (state_ == State::kRegistering && broker_epoch_ < 0 && now >= give_up_) {
    refuse({error_.code == ErrorCode::kNone ? ErrorCode::kRequestTimedOut : error_.code,
            fmt::format(
                "no controller has accepted this broker within {} ms "
                "(initial.broker.registration.timeout.ms): {}",
                std::chrono::duration_cast<milliseconds>(options_.registration_timeout).count(),
                error_.message),
            0});
    return {};
  }
  if (now < due_) {
    const bool is_first = state_ == State::kRegistering && broker_epoch_ < 0;
    return {.until = is_first ? std::min(due_, give_up_) : due_};
  }
  is_in_flight_ = true;
  if (state_ == State::kRegistering) return {.act = Act::kRegister};
  return {.act = Act::kHeartbeat,
          .wants_fence = caught_up_epoch_ != broker_epoch_,
          .wants_shut_down = state_ == State::kHandingOver};
}

void Membership::on_registration(const base::Result<wire::BrokerRegistrationResponse>& answer,
                                 env::MonotonicTime now) {
  is_in_flight_ = false;
  const bool was_stale = std::exchange(is_stale_, false);
  if (is_over()) return;
  const auto outcome = outcome_of(answer);
  if (!outcome) {
    error_ = outcome.error();
    if (is_final(error_.code)) {
      refuse(error_);
    } else {
      pause(now);
    }
    return;
  }
  backoff_ = {};
  broker_epoch_ = answer->broker_epoch;
  due_ = now;
  if (was_stale) return;  // of a session that has ended since
  state_ = caught_up_epoch_ == broker_epoch_ ? State::kReady : State::kRegistered;
}

void Membership::on_heartbeat(const base::Result<wire::BrokerHeartbeatResponse>& answer,
                              env::MonotonicTime now) {
  is_in_flight_ = false;
  if (is_over()) return;
  silent_until_ = now + kLongestSilence;
  if (std::exchange(is_stale_, false)) {
    due_ = now;
    return;
  }
  const auto outcome = outcome_of(answer);
  if (!outcome) {
    error_ = outcome.error();
    if (error_.code == ErrorCode::kStaleBrokerEpoch ||
        error_.code == ErrorCode::kBrokerIdNotRegistered) {
      register_anew(now);
    } else if (state_ == State::kHandingOver) {
      failed_to_stop(now);
    } else {
      pause(now);
    }
    return;
  }
  backoff_ = {};
  is_fenced_ = answer->is_fenced;
  if (state_ == State::kHandingOver) {
    if (answer->should_shut_down) state_ = State::kStopped;
    due_ = now + kHandOverInterval;
    return;
  }
  due_ = std::exchange(is_hurried_, false) ? now : now + options_.heartbeat_interval;
}

void Membership::on_caught_up(std::int64_t broker_epoch, env::MonotonicTime now) {
  if (std::exchange(caught_up_epoch_, broker_epoch) == broker_epoch) return;
  if (broker_epoch != broker_epoch_ || state_ != State::kRegistered) return;
  state_ = State::kReady;
  hurry(now);
}

void Membership::hurry(env::MonotonicTime now) {
  backoff_ = {};
  if (is_in_flight_) {
    is_hurried_ = true;
  } else {
    due_ = std::min(due_, now);
  }
}

void Membership::register_anew(env::MonotonicTime now) {
  if (state_ == State::kIdle || is_over()) return;
  if (state_ == State::kHandingOver) {
    // What it led is others' by now, or will be when its session is over.
    state_ = State::kStopped;
    return;
  }
  state_ = State::kRegistering;
  is_fenced_ = true;
  is_stale_ = is_in_flight_;
  due_ = now;
}

void Membership::stop(env::MonotonicTime now) {
  if (is_over() || state_ == State::kHandingOver) return;
  const bool has_something =
      options_.hands_over && (state_ == State::kReady || state_ == State::kRegistered);
  if (!has_something) {
    state_ = State::kStopped;
    return;
  }
  state_ = State::kHandingOver;
  silent_until_ = now + kLongestSilence;
  is_stale_ = is_in_flight_;
  hurry(now);
}

void Membership::give_up(const std::string& why) {
  if (state_ != State::kHandingOver) return;
  state_ = State::kStopped;
  left_because_ = why;
}

void Membership::pause(env::MonotonicTime now) {
  backoff_ = backoff_ == env::Duration{} ? kFirstBackoff
                                         : std::min(backoff_ * 2, options_.heartbeat_interval);
  due_ = std::exchange(is_hurried_, false) ? now : now + backoff_;
}

void Membership::refuse(const base::Error& error) {
  state_ = State::kRefused;
  error_ = error;
}

// While somebody is just becoming the controller it is asked again soon; all of that is one
// attempt.
void Membership::failed_to_stop(env::MonotonicTime now) {
  const bool is_electing = error_.code == ErrorCode::kNotController;
  if (!is_electing || now >= attempt_over_) {
    if (++shutdown_failures_ > options_.max_shutdown_retries) {
      give_up(fmt::format("{} attempts failed (controlled.shutdown.max.retries={}): {}",
                          shutdown_failures_, options_.max_shutdown_retries, error_.message));
      return;
    }
    attempt_over_ = now + options_.shutdown_retry_backoff;
  }
  if (is_electing) {
    pause(now);
    due_ = std::min(due_, attempt_over_);
  } else {
    due_ = std::exchange(is_hurried_, false) ? now : attempt_over_;
  }
}

}  // namespace odradek::broker
