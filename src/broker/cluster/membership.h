// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "config/settings.h"
#include "env/clock.h"

namespace odradek::wire {
struct BrokerHeartbeatResponse;
struct BrokerRegistrationResponse;
}  // namespace odradek::wire

namespace odradek::broker {

struct MembershipOptions {
  env::Duration heartbeat_interval = std::chrono::seconds(2);
  // How long a start waits to be accepted.
  env::Duration registration_timeout = std::chrono::seconds(60);
  // Whether what this broker leads is handed over before it stops.
  bool hands_over = true;
  // Attempts to reach the controller for that which may fail, and the pause after each.
  std::int64_t max_shutdown_retries = 3;
  env::Duration shutdown_retry_backoff = std::chrono::seconds(5);
};
// broker.heartbeat.interval.ms, initial.broker.registration.timeout.ms,
// controlled.shutdown.enable, controlled.shutdown.max.retries,
// controlled.shutdown.retry.backoff.ms.
MembershipOptions membership_options(const config::Settings& settings);

// What a broker has to say to its controller, and when (KIP-631): it registers until it is
// accepted, then reports in turns, fenced until it has replayed its registration and is ready, and
// when it stops it asks to be relieved first. One thing is under way at a time. Pure: times and
// answers come in.
class Membership {
 public:
  enum class State : std::uint8_t {
    kIdle,         // not begun
    kRegistering,  // nobody has accepted it
    kRegistered,   // accepted, not ready to serve
    kReady,        // asks to serve, and serves
    kHandingOver,  // asks to stop
    kStopped,      // has nothing to say any more
    kRefused,      // was not accepted: see error()
  };
  enum class Act : std::uint8_t { kWait, kRegister, kHeartbeat };
  struct Step {
    Act act = Act::kWait;
    // Of kWait: when to ask again; nothing: once something has come in.
    std::optional<env::MonotonicTime> until = std::nullopt;
    bool wants_fence = false;
    bool wants_shut_down = false;
  };

  explicit Membership(const MembershipOptions& options) : options_(options) {}

  void begin(env::MonotonicTime now);
  // What to do now. After kRegister and kHeartbeat the answer comes in before anything else is
  // asked for.
  Step next(env::MonotonicTime now);

  void on_registration(const base::Result<wire::BrokerRegistrationResponse>& answer,
                       env::MonotonicTime now);
  void on_heartbeat(const base::Result<wire::BrokerHeartbeatResponse>& answer,
                    env::MonotonicTime now);

  // The registration of this epoch is replayed here, and what this broker has can be served.
  void on_caught_up(std::int64_t broker_epoch, env::MonotonicTime now);
  // There is another controller, or something to report: no pause is waited for.
  void hurry(env::MonotonicTime now);
  // The broker is no longer registered, or may not be: it registers anew.
  void register_anew(env::MonotonicTime now);
  void stop(env::MonotonicTime now);
  // What stop() asked for cannot be had, for this reason: it is stopped.
  void give_up(const std::string& why);

  State state() const { return state_; }
  // -1 before it was accepted.
  std::int64_t broker_epoch() const { return broker_epoch_; }
  // Whether the controller lets it serve, as it said last.
  bool is_fenced() const { return is_fenced_; }
  const base::Error& error() const { return error_; }
  // Of kStopped: why what it led was not handed over; empty where it was, or had not to be.
  const std::string& left_because() const { return left_because_; }

 private:
  bool is_over() const { return state_ == State::kStopped || state_ == State::kRefused; }
  void pause(env::MonotonicTime now);
  void refuse(const base::Error& error);
  void failed_to_stop(env::MonotonicTime now);

  const MembershipOptions options_;
  State state_ = State::kIdle;
  std::int64_t broker_epoch_ = -1;
  std::int64_t caught_up_epoch_ = -1;
  bool is_fenced_ = true;
  bool is_in_flight_ = false;
  // Came while something was in flight: what follows is not to wait.
  bool is_hurried_ = false;
  bool is_stale_ = false;
  env::MonotonicTime due_;
  env::MonotonicTime give_up_;  // of the first registration
  env::Duration backoff_{};
  std::int64_t shutdown_failures_ = 0;
  env::MonotonicTime attempt_over_{};  // of handing over, after a failure
  env::MonotonicTime silent_until_{};  // while handing over: when no answer is waited for any more
  std::string left_because_;
  base::Error error_{};
};

}  // namespace odradek::broker
