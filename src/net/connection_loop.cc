// SPDX-License-Identifier: Apache-2.0
#include "net/connection_loop.h"

#include <algorithm>
#include <utility>

#include "net/connection.h"
#include "net/server_shared.h"

namespace odradek::net {
namespace {

constexpr std::size_t kScratchBytes = 65536;
constexpr env::Duration kStallLimit = std::chrono::seconds(10);
constexpr env::Duration kStallWatch = std::chrono::seconds(1);

}  // namespace

ConnectionLoop::ConnectionLoop(env::Executor& executor, env::Clock& clock, env::Duration max_idle)
    : executor_(executor), clock_(clock), max_idle_(max_idle) {}

base::MutableByteView ConnectionLoop::scratch() {
  if (scratch_.empty()) scratch_.resize(kScratchBytes);
  return scratch_;
}

ConnectionLoop::Connections::iterator ConnectionLoop::add(std::shared_ptr<Connection> connection) {
  connection->set_last_activity(now());
  const auto place = connections_.insert(connections_.end(), std::move(connection));
  arm_idle_timer();
  return place;
}

void ConnectionLoop::remove(Connections::iterator place) {
  connections_.erase(place);
  --count_;
}

void ConnectionLoop::touch(Connections::iterator place) {
  (*place)->set_last_activity(now());
  connections_.splice(connections_.end(), connections_, place);
}

void ConnectionLoop::close_all(const std::string& reason) {
  while (!connections_.empty()) {
    const std::shared_ptr<Connection> connection = connections_.front();
    connection->close(reason);
  }
}

void ConnectionLoop::drain_all() {
  for (const auto& connection : connections_) connection->drain();
}

ConnectionLoop::Connections::const_iterator ConnectionLoop::first_beside(
    const std::string& listener) const {
  return std::ranges::find_if(connections_, [&](const auto& connection) {
    return connection->info().listener != listener;
  });
}

std::optional<env::MonotonicTime> ConnectionLoop::longest_idle_beside(
    const std::string& listener) const {
  const auto found = first_beside(listener);
  if (found == connections_.end()) return std::nullopt;
  return (*found)->last_activity();
}

void ConnectionLoop::close_longest_idle_beside(const std::string& listener,
                                               const std::string& reason) {
  const auto found = first_beside(listener);
  if (found == connections_.end()) return;
  const std::shared_ptr<Connection> connection = *found;
  connection->close(reason);
}

void ConnectionLoop::deliver(std::shared_ptr<Connection> connection, std::uint64_t sequence,
                             Outcome outcome) {
  bool first = false;
  {
    const std::lock_guard lock(deliveries_mutex_);
    first = deliveries_.empty();
    deliveries_.push_back({std::move(connection), sequence, std::move(outcome)});
  }
  if (first) executor_.post([self = shared_from_this()] { self->take_deliveries(); });
}

void ConnectionLoop::take_deliveries() {
  std::vector<Delivery> taken;
  {
    const std::lock_guard lock(deliveries_mutex_);
    taken.swap(deliveries_);
  }
  for (Delivery& delivery : taken) {
    delivery.connection->take_outcome(delivery.sequence, std::move(delivery.outcome));
  }
  for (const Delivery& delivery : taken) delivery.connection->settle();
}

void ConnectionLoop::arm_idle_timer() {
  if (idle_timer_armed_ || connections_.empty() || max_idle_ < env::Duration::zero()) return;
  idle_timer_armed_ = true;
  executor_.run_after(connections_.front()->last_activity() + max_idle_ - now(),
                      [self = shared_from_this()] { self->close_idle(); });
}

void ConnectionLoop::close_idle() {
  idle_timer_armed_ = false;
  const env::MonotonicTime limit = now() - max_idle_;
  while (!connections_.empty() && connections_.front()->last_activity() <= limit) {
    const std::shared_ptr<Connection> oldest = connections_.front();
    if (oldest->idle()) {
      oldest->close("idle for longer than connections.max.idle.ms");
    } else {
      touch(connections_.begin());
    }
  }
  arm_idle_timer();
}

void ConnectionLoop::wait_for_budget(std::shared_ptr<Connection> connection) {
  if (std::ranges::find(waiters_, connection) != waiters_.end()) return;
  waiters_.push_back(std::move(connection));
  has_waiters_ = true;
}

void ConnectionLoop::wake_waiters() {
  if (!has_waiters_.exchange(false)) return;
  executor_.post([self = shared_from_this()] {
    for (const auto& connection : std::exchange(self->waiters_, {})) connection->resume();
  });
}

void ConnectionLoop::watch_stalled(const std::shared_ptr<ServerShared>& shared) {
  if (watching_.exchange(true)) return;
  executor_.post([self = shared_from_this(), shared] { self->look_for_stalled(shared); });
}

void ConnectionLoop::look_for_stalled(const std::shared_ptr<ServerShared>& shared) {
  if (!shared->budget.exhausted()) {
    watching_ = false;
    return;
  }
  const env::MonotonicTime limit = now() - kStallLimit;
  std::vector<std::shared_ptr<Connection>> stalled;
  for (const auto& connection : connections_) {
    if (connection->last_activity() > limit) break;
    if (connection->waits_for_rest_of_frame()) stalled.push_back(connection);
  }
  for (const auto& connection : stalled) {
    connection->close("sends no more of its request while queued.max.request.bytes is used up",
                      Connection::Ending::kWorthALine);
  }
  executor_.run_after(kStallWatch,
                      [self = shared_from_this(), shared] { self->look_for_stalled(shared); });
}

}  // namespace odradek::net
