// SPDX-License-Identifier: Apache-2.0
#include "env/sim/sim_network.h"

#include <algorithm>
#include <cerrno>

#include "base/assert.h"
#include "env/sim/endpoint.h"
#include "env/sim/network_door.h"

namespace odradek::env::sim {
namespace {

// A packet of a connection attempt that got lost is sent again after that.
constexpr Duration kRetryDelay = std::chrono::seconds(1);

bool is_loopback_name(const std::string& name) {
  return name == "localhost" || name == "::1" || name.starts_with("127.");
}

}  // namespace

SimNetwork::SimNetwork(Scheduler& scheduler, NetworkOptions options)
    : scheduler_(scheduler), options_(options) {}

SimNetwork::~SimNetwork() = default;

std::string SimNetwork::add_host(const std::string& name) {
  ODRADEK_ASSERT(!hosts_.contains(name) && hosts_.size() < 250);
  Host& added = hosts_[name];
  added.name = name;
  added.address = "10.0.0." + std::to_string(hosts_.size());
  return added.address;
}

std::unique_ptr<Network> SimNetwork::open_for(std::shared_ptr<Life> life) {
  return std::make_unique<SimNetworkDoor>(*this, std::move(life));
}

SimNetwork::Host& SimNetwork::host(const std::string& name) {
  const auto found = hosts_.find(name);
  ODRADEK_ASSERT(found != hosts_.end());
  return found->second;
}

SimNetwork::Host* SimNetwork::resolve(const std::string& name_or_address, const Host& seen_from) {
  if (is_loopback_name(name_or_address)) return &host(seen_from.name);
  for (auto& [name, candidate] : hosts_) {
    if (name == name_or_address || candidate.address == name_or_address) return &candidate;
  }
  return nullptr;
}

Duration SimNetwork::delay(const Link& link) {
  const auto own = delays_.find(link);
  if (own != delays_.end()) {
    return scheduler_.random().between(own->second.first, own->second.second);
  }
  return scheduler_.random().between(options_.shortest_delay, options_.longest_delay);
}

void SimNetwork::set_delay(const std::string& from, const std::string& to, Duration shortest,
                           Duration longest) {
  delays_[{from, to}] = {shortest, longest};
}

void SimNetwork::block(const std::string& from, const std::string& to) {
  scheduler_.trace().add("block", from + '>' + to, {});
  blocked_[{from, to}] = true;
}

void SimNetwork::heal(const std::string& from, const std::string& to) {
  scheduler_.trace().add("heal", from + '>' + to, {});
  blocked_.erase({from, to});
  for (const auto& end : living_endpoints()) {
    const auto other = end->peer.lock();
    if (other && other->life->host == from && end->life->host == to) end->release_held();
  }
}

void SimNetwork::heal_all() {
  const auto links = std::exchange(blocked_, {});
  for (const auto& [link, blocked] : links) heal(link.first, link.second);
}

void SimNetwork::reset_connections(const std::string& one, const std::string& other) {
  for (const auto& end : living_endpoints()) {
    const Link link = end->link_out();
    if (link == Link(one, other) || link == Link(other, one)) end->break_off(ECONNRESET);
  }
}

void SimNetwork::refuse_connections(const std::string& name, bool is_refusing) {
  host(name).is_refusing = is_refusing;
}

void SimNetwork::end(const Life& life, bool is_power_cut) {
  Host& its_host = host(life.host);
  its_host.is_up = !is_power_cut;
  std::erase_if(its_host.listeners,
                [&](const auto& listener) { return listener->life.get() == &life; });
  for (const auto& end : living_endpoints()) {
    if (end->life.get() != &life || end->is_closed) continue;
    end->cut_off();
    const auto other = end->peer.lock();
    if (is_power_cut || !other) continue;
    scheduler_.after(delay(end->link_out()),
                     [other] { other->deliver({Packet::Kind::kReset, {}}); });
  }
}

void SimNetwork::abandon(const Life& life) {
  for (const auto& end : living_endpoints()) {
    if (end->life.get() == &life) end->abandon();
  }
}

void SimNetwork::host_is_up(const std::string& name) { host(name).is_up = true; }

std::vector<std::shared_ptr<Endpoint>> SimNetwork::living_endpoints() {
  std::vector<std::shared_ptr<Endpoint>> living;
  std::erase_if(endpoints_, [&](const auto& weak) {
    auto end = weak.lock();
    if (end) living.push_back(std::move(end));
    return weak.expired();
  });
  return living;
}

// A connection that is being made.
struct SimNetwork::Attempt {
  std::shared_ptr<Life> life;
  Executor* loop = nullptr;
  Address to;
  MonotonicTime deadline;
  Network::ConnectHandler handler;
};

void SimNetworkDoor::connect(const Address& address, const SocketOptions&, Executor& loop,
                             Duration timeout, ConnectHandler handler) {
  auto attempt = std::make_shared<SimNetwork::Attempt>();
  attempt->life = life_;
  attempt->loop = &loop;
  attempt->to = address;
  attempt->deadline = life_->scheduler.now() + timeout;
  attempt->handler = std::move(handler);
  life_->scheduler.after(timeout, [&network = network_, attempt] {
    network.finish(attempt, std::unexpected(network_error(attempt->to, ETIMEDOUT)));
  });
  network_.try_to_connect(std::move(attempt));
}

void SimNetwork::finish(const std::shared_ptr<Attempt>& attempt,
                        base::Result<std::shared_ptr<Endpoint>> end) {
  if (!attempt->handler) return;
  base::Result<std::unique_ptr<Stream>> result;
  if (end) {
    result = std::make_unique<SimStream>(std::move(*end));
  } else {
    result = base::fail(std::move(end));
  }
  attempt->loop->post([handler = std::exchange(attempt->handler, nullptr),
                       result = std::move(result)]() mutable { handler(std::move(result)); });
}

void SimNetwork::try_to_connect(std::shared_ptr<Attempt> attempt) {
  if (!attempt->handler) return;
  if (attempt->life->is_over) {
    return finish(attempt, std::unexpected(network_error(attempt->to, EIO)));
  }
  Host& source = host(attempt->life->host);
  const Host* target = resolve(attempt->to.host, source);
  if (target == nullptr) {
    return finish(attempt, std::unexpected(network_error(attempt->to, EHOSTUNREACH)));
  }
  const bool is_lost = is_blocked({source.name, target->name}) ||
                       is_blocked({target->name, source.name}) || !target->is_up;
  if (is_lost) {
    scheduler_.after(kRetryDelay, [this, attempt] { try_to_connect(attempt); });
    return;
  }
  scheduler_.after(delay({source.name, target->name}), [this, attempt] { arrive(attempt); });
}

ListenerState* SimNetwork::listener_for(Host& target, bool is_loopback, std::uint16_t port) {
  for (const auto& listener : target.listeners) {
    if (listener->address.port == port && listener->accepts_from(is_loopback)) {
      return listener.get();
    }
  }
  return nullptr;
}

void SimNetwork::arrive(const std::shared_ptr<Attempt>& attempt) {
  if (attempt->life->is_over || !attempt->handler) return;
  Host& source = host(attempt->life->host);
  Host& target = *resolve(attempt->to.host, source);
  ListenerState* listener =
      listener_for(target, is_loopback_name(attempt->to.host), attempt->to.port);
  if (listener == nullptr || target.is_refusing) {
    scheduler_.after(delay({target.name, source.name}), [this, attempt] {
      finish(attempt, std::unexpected(network_error(attempt->to, ECONNREFUSED)));
    });
    return;
  }
  if (static_cast<int>(listener->backlog.size()) >= listener->backlog_limit) {
    scheduler_.after(kRetryDelay, [this, attempt] { try_to_connect(attempt); });
    return;
  }
  establish(attempt, target, *listener);
}

void SimNetwork::establish(const std::shared_ptr<Attempt>& attempt, Host& target,
                           ListenerState& listener) {
  Host& source = host(attempt->life->host);
  const bool is_loopback = is_loopback_name(attempt->to.host);
  const std::uint64_t connection = next_connection_++;
  auto client = std::make_shared<Endpoint>(*this, attempt->life, connection);
  auto server = std::make_shared<Endpoint>(*this, listener.life, connection);
  client->local = {is_loopback ? "127.0.0.1" : source.address, source.next_port++};
  if (source.next_port == 0) source.next_port = 32768;
  client->peer_address = {is_loopback ? "127.0.0.1" : target.address, attempt->to.port};
  server->local = client->peer_address;
  server->peer_address = client->local;
  client->loop = attempt->loop;
  client->peer = server;
  server->peer = client;
  endpoints_.push_back(client);
  endpoints_.push_back(server);
  scheduler_.trace().add("connect", source.name + '>' + target.name,
                         {connection, attempt->to.port});
  listener.backlog.push_back(std::move(server));
  listener.accept_backlog();
  scheduler_.after(delay({target.name, source.name}), [this, attempt, client] {
    // Given up meanwhile: the other end learns it.
    if (!attempt->handler) return client->close();
    finish(attempt, client);
  });
}

}  // namespace odradek::env::sim
