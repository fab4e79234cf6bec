// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <utility>

#include "env/sim/endpoint.h"

namespace odradek::env::sim {

// A listening socket. It outlives its listener while accepts are on their way to the loop.
struct ListenerState : std::enable_shared_from_this<ListenerState> {
  enum class Scope : std::uint8_t { kAny, kLoopback, kOutside };

  std::shared_ptr<Life> life;
  Scope scope = Scope::kAny;
  Address address;
  int backlog_limit = 50;
  Executor* acceptor = nullptr;
  std::function<Executor&()> choose_loop;
  Network::AcceptHandler on_accept;
  bool is_paused = false;
  bool is_closed = false;
  // Connections that the system made and nobody has taken yet.
  std::deque<std::shared_ptr<Endpoint>> backlog;

  bool accepts_from(bool is_loopback) const {
    return scope == Scope::kAny || (scope == Scope::kLoopback) == is_loopback;
  }
  bool collides_with(Scope other, std::uint16_t port) const {
    const bool share_addresses = scope == Scope::kAny || other == Scope::kAny || scope == other;
    return address.port == port && share_addresses;
  }
  void accept_backlog();
};

class SimListener final : public Listener {
 public:
  SimListener(SimNetwork& network, std::shared_ptr<ListenerState> state)
      : network_(network), state_(std::move(state)) {}
  ~SimListener() override;
  Address address() const override { return state_->address; }
  void pause() override { state_->is_paused = true; }
  void resume() override;

 private:
  SimNetwork& network_;
  std::shared_ptr<ListenerState> state_;
};

// The network as one process has it.
class SimNetworkDoor final : public Network {
 public:
  SimNetworkDoor(SimNetwork& network, std::shared_ptr<Life> life)
      : network_(network), life_(std::move(life)) {}

  base::Result<std::unique_ptr<Listener>> listen(const Address& address,
                                                 const ListenOptions& options, Executor& acceptor,
                                                 std::function<Executor&()> choose_loop,
                                                 AcceptHandler on_accept) override;
  void connect(const Address& address, const SocketOptions& options, Executor& loop,
               Duration timeout, ConnectHandler handler) override;

 private:
  SimNetwork& network_;
  std::shared_ptr<Life> life_;
};

}  // namespace odradek::env::sim
