// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "env/clock.h"
#include "env/executor.h"
#include "net/outcome.h"
#include "net/request_budget.h"

namespace odradek::net {

class Connection;
struct ServerShared;

// The connections of one event loop and what they have in common. Threads: its loop, but where
// said.
class ConnectionLoop final : public std::enable_shared_from_this<ConnectionLoop> {
 public:
  using Connections = std::list<std::shared_ptr<Connection>>;

  ConnectionLoop(env::Executor& executor, env::Clock& clock, env::Duration max_idle);

  env::Executor& executor() { return executor_; }
  env::MonotonicTime now() const { return clock_.monotonic(); }
  // Threads: any.
  std::size_t connection_count() const { return count_; }
  void reserve_place() { ++count_; }
  void give_place_back() { --count_; }

  // Where any connection reads what is not worth a block of its own; filled and emptied within one
  // task.
  base::MutableByteView scratch();

  // In the order of their last activity; the one timer of a loop looks at the first only.
  Connections::iterator add(std::shared_ptr<Connection> connection);
  void remove(Connections::iterator place);
  // Activity now.
  void touch(Connections::iterator place);
  void close_all(const std::string& reason);
  void drain_all();
  // The last activity of the connection that has been idle longest, of all but that listener.
  std::optional<env::MonotonicTime> longest_idle_beside(const std::string& listener) const;
  // Closes that connection, if there is one.
  void close_longest_idle_beside(const std::string& listener, const std::string& reason);

  // An answer from another thread; what gathers until the loop turns to it costs one post.
  // Threads: any.
  void deliver(std::shared_ptr<Connection> connection, std::uint64_t sequence, Outcome outcome);

  // Connections that wait for the request budget.
  void wait_for_budget(std::shared_ptr<Connection> connection);
  // Lets them go on, if there are any. Threads: any.
  void wake_waiters();
  // Closes, as long as the budget is exhausted, who keeps memory for a frame and sends nothing.
  // Threads: any.
  void watch_stalled(const std::shared_ptr<ServerShared>& shared);

 private:
  struct Delivery {
    std::shared_ptr<Connection> connection;
    std::uint64_t sequence;
    Outcome outcome;
  };

  Connections::const_iterator first_beside(const std::string& listener) const;
  void take_deliveries();
  void arm_idle_timer();
  void close_idle();
  void look_for_stalled(const std::shared_ptr<ServerShared>& shared);

  env::Executor& executor_;
  env::Clock& clock_;
  const env::Duration max_idle_;
  std::atomic<std::size_t> count_ = 0;
  std::vector<std::uint8_t> scratch_;
  Connections connections_;
  bool idle_timer_armed_ = false;

  std::vector<std::shared_ptr<Connection>> waiters_;
  std::atomic<bool> has_waiters_ = false;
  std::atomic<bool> watching_ = false;

  std::mutex deliveries_mutex_;
  std::vector<Delivery> deliveries_;  // guarded by deliveries_mutex_
};

}  // namespace odradek::net
