// SPDX-License-Identifier: Apache-2.0
#include "net/server.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>
#include <span>
#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "net/connection.h"
#include "net/connection_limits.h"
#include "net/server_shared.h"

namespace odradek::net {
namespace {

// A limit that stays reached says so only now and then.
constexpr env::Duration kLogPause = std::chrono::seconds(10);

std::size_t budget_of(const ServerOptions& options) {
  const std::int64_t limit = options.queued_request_max_bytes;
  return static_cast<std::size_t>(limit < 0 ? kDefaultQueuedRequestBytes : limit);
}

}  // namespace

ServerShared::ServerShared(env::World& the_world, RequestHandler& the_handler,
                           ServerOptions the_options)
    : world(the_world),
      handler(the_handler),
      options(std::move(the_options)),
      budget(budget_of(options)),
      limits(options.max_connections_per_ip, options.max_connections_per_ip_overrides) {
  for (std::size_t i = 0; i < world.loop_count(); ++i) {
    loops.push_back(
        std::make_shared<ConnectionLoop>(world.loop(i), world.clock(), options.max_idle));
  }
}

// One listener with the limits of its own.
class Server::OpenListener {
 public:
  explicit OpenListener(ListenerOptions the_options)
      : options(std::move(the_options)),
        max_connections(options.max_connections),
        rate(options.max_connection_creation_rate) {}

  bool full() const { return connections >= max_connections; }

  const ListenerOptions options;
  std::unique_ptr<env::Listener> socket;
  std::atomic<std::int64_t> max_connections;
  std::atomic<std::int64_t> connections = 0;
  CreationRate rate;
  bool started = false;
  bool paused = true;
};

// Outlives the server while connections are on their way in or out. On loop 0, but where said.
struct Server::State final : std::enable_shared_from_this<State> {
  State(env::World& the_world, RequestHandler& handler, ServerOptions the_options)
      : world(the_world),
        shared(std::make_shared<ServerShared>(the_world, handler, std::move(the_options))),
        max_connections(shared->options.max_connections),
        rate(shared->options.max_connection_creation_rate) {}

  env::Executor& home() { return world.loop(0); }
  bool full() const { return connections >= max_connections; }

  // A connection is there: counts it and names its loop.
  env::Executor& choose_loop(OpenListener& listener);
  // The same on the chosen loop.
  void accept(const std::shared_ptr<OpenListener>& listener, std::unique_ptr<env::Stream> stream);
  ConnectionLoop& loop_of(const env::Executor& executor);
  // Any loop.
  void forget(OpenListener& listener);
  void on_closed(const ConnectionInfo& info);
  void refuse(const base::Error& error);

  void set_limits(const ConnectionLimitOptions& limits);
  // Of all loops' connections, but this listener's, the one that has been idle longest goes.
  void make_room(const std::string& listener);
  // Pauses and resumes listeners as the limits have it.
  void reconsider();
  void say_full(const OpenListener& listener);
  void post_reconsider();
  void close_listeners();
  void close_remaining();
  void finish();

  env::World& world;
  const std::shared_ptr<ServerShared> shared;
  std::vector<std::shared_ptr<OpenListener>> listeners;
  std::atomic<std::int64_t> connections = 0;
  std::atomic<std::int64_t> max_connections;
  CreationRate rate;
  std::size_t used_loops = std::numeric_limits<std::size_t>::max();
  env::MonotonicTime rate_pause_until;
  env::MonotonicTime next_full_line;
  std::atomic<env::MonotonicTime> next_refusal_line{env::MonotonicTime{}};
  std::atomic<bool> stopping = false;
  env::Executor::TimerId grace_timer = 0;
  env::Task done;
};

env::Executor& Server::State::choose_loop(OpenListener& listener) {
  ++connections;
  ++listener.connections;
  if (listener.options.makes_room && connections > max_connections) {
    make_room(listener.options.name);
  }
  const env::MonotonicTime now = world.clock().monotonic();
  const env::Duration wait = std::max(rate.count_one(now), listener.rate.count_one(now));
  if (wait > env::Duration::zero()) {
    rate_pause_until = now + wait;
    home().run_after(wait, [self = shared_from_this()] { self->reconsider(); });
  }
  if (full() || listener.full() || wait > env::Duration::zero()) reconsider();
  const auto used = std::span(shared->loops).first(std::min(used_loops, shared->loops.size()));
  ConnectionLoop& loop = **std::ranges::min_element(used, {}, &ConnectionLoop::connection_count);
  loop.reserve_place();
  return loop.executor();
}

ConnectionLoop& Server::State::loop_of(const env::Executor& executor) {
  return **std::ranges::find_if(shared->loops,
                                [&](const auto& loop) { return &loop->executor() == &executor; });
}

void Server::State::accept(const std::shared_ptr<OpenListener>& listener,
                           std::unique_ptr<env::Stream> stream) {
  ConnectionLoop& loop = loop_of(stream->executor());
  env::Address peer = stream->peer_address();
  auto admitted = shared->limits.admit(peer.host);
  if (!admitted || stopping) {
    if (!admitted) refuse(admitted.error());
    if (admitted) shared->limits.leave(peer.host);
    loop.give_place_back();
    forget(*listener);
    return;
  }
  auto info = std::make_shared<const ConnectionInfo>(ConnectionInfo{
      ++shared->last_connection_id, listener->options.name, listener->options.security_protocol,
      std::move(peer), stream->local_address(), loop.executor()});
  std::make_shared<Connection>(shared, loop, std::move(stream), std::move(info))->start();
}

void Server::State::refuse(const base::Error& error) {
  const env::MonotonicTime now = world.clock().monotonic();
  env::MonotonicTime next = next_refusal_line;
  if (now < next || !next_refusal_line.compare_exchange_strong(next, now + kLogPause)) return;
  base::log::warn("net", "connection refused: {}", error.message);
}

void Server::State::forget(OpenListener& listener) {
  const bool was_full = full() || listener.full();
  --connections;
  --listener.connections;
  if (was_full || stopping) post_reconsider();
}

void Server::State::on_closed(const ConnectionInfo& info) {
  shared->limits.leave(info.peer.host);
  const auto found = std::ranges::find_if(
      listeners, [&](const auto& listener) { return listener->options.name == info.listener; });
  forget(**found);
}

void Server::State::post_reconsider() {
  home().post([self = shared_from_this()] { self->reconsider(); });
}

// Each loop says which it would close, and the last one to answer which it is.
void Server::State::make_room(const std::string& listener) {
  struct Search {
    std::mutex mutex;
    std::size_t left = 0;
    std::shared_ptr<ConnectionLoop> loop;
    env::MonotonicTime since;
  };
  const auto search = std::make_shared<Search>();
  search->left = shared->loops.size();
  for (const auto& loop : shared->loops) {
    loop->executor().post([loop, search, listener] {
      const auto since = loop->longest_idle_beside(listener);
      const std::lock_guard lock(search->mutex);
      if (since && (search->loop == nullptr || *since < search->since)) {
        search->loop = loop;
        search->since = *since;
      }
      if (--search->left > 0 || search->loop == nullptr) return;
      search->loop->executor().post([chosen = search->loop, listener] {
        chosen->close_longest_idle_beside(listener, "it was idle longest, and listener " +
                                                        listener + " needs room (max.connections)");
      });
    });
  }
}

void Server::State::reconsider() {
  if (stopping) {
    if (connections == 0) finish();
    return;
  }
  const bool too_fast = world.clock().monotonic() < rate_pause_until;
  for (const auto& listener : listeners) {
    if (!listener->started) continue;
    const bool no_room = (full() && !listener->options.makes_room) || listener->full();
    const bool pause = no_room || too_fast;
    if (no_room) say_full(*listener);
    if (pause == listener->paused) continue;
    listener->paused = pause;
    if (pause) {
      listener->socket->pause();
    } else {
      listener->socket->resume();
    }
  }
}

void Server::State::set_limits(const ConnectionLimitOptions& limits) {
  max_connections = limits.max_connections;
  rate.set(limits.max_connection_creation_rate);
  for (const auto& listener : listeners) {
    const auto found = limits.listeners.find(listener->options.name);
    const auto own =
        found == limits.listeners.end() ? ConnectionLimitOptions::Listener() : found->second;
    listener->max_connections = own.max_connections;
    listener->rate.set(own.max_connection_creation_rate);
  }
  reconsider();
}

void Server::State::say_full(const OpenListener& listener) {
  const env::MonotonicTime now = world.clock().monotonic();
  if (now < next_full_line) return;
  next_full_line = now + kLogPause;
  base::log::warn(
      "net", "listener {}: {} connections, new ones wait until one goes ({})",
      listener.options.name, full() ? connections.load() : listener.connections.load(),
      full() ? "max.connections" : "listener.name." + listener.options.name + ".max.connections");
}

void Server::State::close_listeners() {
  for (const auto& listener : listeners) listener->socket.reset();
}

void Server::State::close_remaining() {
  grace_timer = 0;
  const auto left = std::make_shared<std::atomic<std::size_t>>(shared->loops.size());
  for (const auto& loop : shared->loops) {
    loop->executor().post([self = shared_from_this(), loop, left] {
      loop->close_all("the server stops");
      if (--*left == 0) self->home().post([self] { self->finish(); });
    });
  }
}

void Server::State::finish() {
  if (!done) return;
  home().cancel(std::exchange(grace_timer, 0));
  std::exchange(done, nullptr)();
}

Server::Server(env::World& world, RequestHandler& handler, ServerOptions options)
    : state_(std::make_shared<State>(world, handler, std::move(options))) {
  state_->shared->on_closed = [state = std::weak_ptr(state_)](const ConnectionInfo& info) {
    if (const auto alive = state.lock()) alive->on_closed(info);
  };
}

Server::~Server() {
  state_->stopping = true;
  state_->close_listeners();
  for (const auto& loop : state_->shared->loops) loop->close_all("the server is gone");
}

base::Result<env::Address> Server::listen(ListenerOptions options) {
  auto listener = std::make_shared<OpenListener>(std::move(options));
  env::ListenOptions socket = listener->options.socket;
  socket.start_paused = true;
  auto opened = state_->world.network().listen(
      listener->options.address, socket, state_->home(),
      [state = state_, listener]() -> env::Executor& { return state->choose_loop(*listener); },
      [state = state_, listener](std::unique_ptr<env::Stream> stream) {
        state->accept(listener, std::move(stream));
      });
  if (!opened) {
    base::Error error = std::move(opened).error();
    error.message = "listener " + listener->options.name + ": " + error.message;
    return std::unexpected(std::move(error));
  }
  listener->socket = *std::move(opened);
  state_->listeners.push_back(listener);
  return listener->socket->address();
}

void Server::start() {
  for (const auto& listener : state_->listeners) listener->started = true;
  state_->reconsider();
}

void Server::start(const std::string& name) {
  for (const auto& listener : state_->listeners) {
    if (listener->options.name == name) listener->started = true;
  }
  state_->reconsider();
}

void Server::set_limits(ConnectionLimitOptions limits) {
  state_->shared->limits.set(limits.max_connections_per_ip,
                             limits.max_connections_per_ip_overrides);
  state_->home().post([state = state_, limits = std::move(limits)] { state->set_limits(limits); });
}

void Server::set_loops(std::size_t count) {
  ODRADEK_ASSERT(count > 0);
  state_->home().post([state = state_, count] { state->used_loops = count; });
}

void Server::stop(env::Duration grace, env::Task done) {
  state_->stopping = true;
  state_->done = std::move(done);
  state_->close_listeners();
  for (const auto& loop : state_->shared->loops) {
    loop->executor().post([loop] { loop->drain_all(); });
  }
  state_->grace_timer =
      state_->home().run_after(grace, [state = state_] { state->close_remaining(); });
  state_->post_reconsider();
}

std::size_t Server::connection_count() const {
  return static_cast<std::size_t>(state_->connections.load());
}

std::size_t Server::queued_request_bytes() const { return state_->shared->budget.used_bytes(); }

}  // namespace odradek::net
