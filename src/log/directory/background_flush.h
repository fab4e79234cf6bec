// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "env/clock.h"

namespace odradek::log {
class Log;
}

namespace odradek::log::directory {

// Which logs of a directory hold unflushed bytes that nobody waits for, and when each of them is to
// be flushed at the latest. One timer serves them all, and none runs while no log is dirty.
// Threads: any. Its lock may be taken with a log's held.
class BackgroundFlush {
 public:
  // `request` is called with the lock held, so that the log is not gone meanwhile: it asks for a
  // flush and waits for nothing. `arm` arranges for a call of `on_timer` after the delay.
  BackgroundFlush(const env::Clock& clock, std::function<void(Log&)> request,
                  std::function<void(env::Duration)> arm);

  // Nothing changes where the log is due earlier already.
  void flush_within(Log& log, env::Duration delay);
  // Requests all that are dirty.
  void flush_all();
  // Requests those that are due, and with them those whose time is half over: one flush of many
  // logs is cheaper than many of one.
  void on_timer();
  // The log is not requested any more once it returns.
  void forget(Log& log);

 private:
  // When, and the number that the log came with: one seed of a simulation has one order.
  using Due = std::pair<env::MonotonicTime, std::uint64_t>;
  struct Entry {
    Due due;
    env::MonotonicTime earliest;
  };

  void arm_locked(env::MonotonicTime now);
  void take_locked(const std::vector<Log*>& logs);

  const env::Clock& clock_;
  const std::function<void(Log&)> request_;
  const std::function<void(env::Duration)> arm_;

  std::mutex mutex_;
  std::unordered_map<Log*, Entry> dirty_;
  std::map<Due, Log*> due_;
  std::uint64_t next_number_ = 0;
  // Timers under way. A new one is earlier than all of them.
  std::set<env::MonotonicTime> timers_;
};

}  // namespace odradek::log::directory
