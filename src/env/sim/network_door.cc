// SPDX-License-Identifier: Apache-2.0
#include "env/sim/network_door.h"

#include <algorithm>
#include <cerrno>

namespace odradek::env::sim {

void ListenerState::accept_backlog() {
  if (is_paused || is_closed || life->is_over || backlog.empty()) return;
  acceptor->post([self = shared_from_this()] {
    if (self->is_paused || self->is_closed || self->backlog.empty()) return;
    auto end = std::move(self->backlog.front());
    self->backlog.pop_front();
    end->loop = &self->choose_loop();
    Executor& loop = *end->loop;
    auto stream = std::make_unique<SimStream>(std::move(end));
    loop.post(
        [self, accepted = std::move(stream)]() mutable { self->on_accept(std::move(accepted)); });
    self->accept_backlog();
  });
}

SimListener::~SimListener() {
  state_->is_closed = true;
  for (const auto& end : state_->backlog) end->close();
  state_->backlog.clear();
  if (state_->life->is_over) return;
  std::erase(network_.host(state_->life->host).listeners, state_);
}

void SimListener::resume() {
  state_->is_paused = false;
  state_->accept_backlog();
}

base::Result<std::unique_ptr<Listener>> SimNetworkDoor::listen(
    const Address& address, const ListenOptions& options, Executor& acceptor,
    std::function<Executor&()> choose_loop, AcceptHandler on_accept) {
  using Scope = ListenerState::Scope;
  if (life_->is_over) return std::unexpected(network_error(address, EIO));
  SimNetwork::Host& own = network_.host(life_->host);
  auto state = std::make_shared<ListenerState>();
  state->life = life_;
  state->address = address;
  const bool is_any = address.host.empty() || address.host == "0.0.0.0" || address.host == "::";
  if (!is_any) {
    if (network_.resolve(address.host, own) != &own) {
      return std::unexpected(network_error(address, EADDRNOTAVAIL));
    }
    const bool is_outside = address.host == own.name || address.host == own.address;
    state->scope = is_outside ? Scope::kOutside : Scope::kLoopback;
  }
  if (address.port == 0) state->address.port = own.next_port++;
  for (const auto& other : own.listeners) {
    if (other->collides_with(state->scope, state->address.port)) {
      return std::unexpected(network_error(address, EADDRINUSE));
    }
  }
  state->backlog_limit = options.backlog;
  state->is_paused = options.start_paused;
  state->acceptor = &acceptor;
  state->choose_loop = std::move(choose_loop);
  state->on_accept = std::move(on_accept);
  own.listeners.push_back(state);
  return std::make_unique<SimListener>(network_, std::move(state));
}

}  // namespace odradek::env::sim
