// SPDX-License-Identifier: Apache-2.0
#include "quorum/zookeeper/sim/sim_zookeeper.h"

#include <algorithm>
#include <utility>

#include "quorum/zookeeper/sim/client.h"
#include "quorum/zookeeper/sim/connection.h"

namespace odradek::quorum::zookeeper::sim {
namespace {

// Of each operation's node, as a multi's answer has it.
std::vector<std::int32_t> versions_after(const std::vector<Operation>& operations,
                                         const std::vector<Tree::Change>& changes) {
  std::vector<std::int32_t> versions;
  auto change = changes.begin();
  for (const Operation& operation : operations) {
    versions.push_back(operation.kind == Operation::Kind::kCheck ? 0 : (change++)->version);
  }
  return versions;
}

}  // namespace

SimZookeeper::SimZookeeper(env::sim::SimWorld& world, EnsembleOptions options)
    : world_(world),
      options_(options),
      random_(world.random().split()),
      servers_(static_cast<std::size_t>(options.servers)) {}

SimZookeeper::~SimZookeeper() = default;

void SimZookeeper::after(env::Duration delay, std::function<void()> task) {
  world_.after(delay, [alive = std::weak_ptr(alive_), task = std::move(task)] {
    if (!alive.expired()) task();
  });
}

env::Duration SimZookeeper::draw_delay() {
  return random_.between(options_.shortest_delay, options_.longest_delay);
}

// Connections.

void SimZookeeper::accept(const std::shared_ptr<Client>& client) {
  if (cut_hosts_[client->host()] || is_away_) return client->on_refused();
  if (is_read_only_) return client->on_read_only();
  const std::size_t server = random_.below(servers_.size());
  if (!adopt(client, server)) return;
  make_chroot(client->options().chroot);
}

// Makes a connection to the server for the session that the client asks for.
bool SimZookeeper::adopt(const std::shared_ptr<Client>& client, std::size_t server) {
  SessionId id = client->wanted_session();
  if (id != 0 && !sessions_.contains(id)) {
    client->on_session_gone();
    return false;
  }
  const std::string& chroot = client->options().chroot;
  const bool lacks_chroot = !chroot.empty() && servers_[server].tree.find(chroot) == nullptr;
  // A server refuses a client that has seen more than it has itself.
  if (lacks_chroot || servers_[server].applied < client->seen_zxid()) {
    make_chroot(chroot);
    client->on_refused();
    return false;
  }
  if (id == 0) {
    id = next_session_++;
    sessions_[id].timeout = client->options().session_timeout;
  }
  ServerSession& session = sessions_[id];
  // The session moves: an older connection's requests count no longer.
  if (session.connection) session.connection->is_open_at_server = false;
  ++session.silence;
  auto connection = std::make_shared<Connection>();
  connection->client = client;
  connection->host = client->host();
  connection->session = id;
  connection->server = server;
  session.connection = connection;
  client->on_accepted(connection);
  return true;
}

void SimZookeeper::make_chroot(const std::string& chroot) {
  for (std::size_t slash = chroot.find('/', 1); !chroot.empty();
       slash = chroot.find('/', slash + 1)) {
    const std::string path = chroot.substr(0, slash);
    if (tree_.find(path) == nullptr) (void)commit({Operation::create(path, {})}, 0);
    if (slash == std::string::npos) return;
  }
}

void SimZookeeper::deliver(const std::shared_ptr<Connection>& connection, bool is_to_server,
                           std::function<void()> task) {
  if (is_to_server ? !connection->is_open_at_server : !connection->is_open_at_client) return;
  if (connection->is_cut) {
    auto& held = is_to_server ? connection->held_to_server : connection->held_to_client;
    held.push_back(std::move(task));
    return;
  }
  task();
}

// What was on its way when the connection broke: from some place on nothing arrives.
bool SimZookeeper::is_lost_on_the_way(Connection& connection) {
  if (connection.is_open_at_client) return false;
  if (random_.chance(0.5)) connection.is_open_at_server = false;
  return !connection.is_open_at_server;
}

void SimZookeeper::send_to_server(const std::shared_ptr<Connection>& connection,
                                  std::function<void()> task) {
  auto& last = connection->last_to_server;
  last = std::max(last, world_.scheduler().now() + draw_delay());
  after(last - world_.scheduler().now(), [this, connection, task = std::move(task)] {
    if (!is_lost_on_the_way(*connection)) deliver(connection, true, task);
  });
}

void SimZookeeper::send_to_client(const std::shared_ptr<Connection>& connection,
                                  std::function<void()> task) {
  auto& last = connection->last_to_client;
  last = std::max(last, world_.scheduler().now() + draw_delay());
  after(last - world_.scheduler().now(),
        [connection, task = std::move(task)] { deliver(connection, false, task); });
}

void SimZookeeper::break_connection(const std::shared_ptr<Connection>& connection) {
  if (!connection->is_open_at_client) return;
  connection->is_open_at_client = false;
  connection->held_to_client.clear();
  connection->held_to_server.clear();
  if (std::exchange(connection->is_cut, false)) {
    // The silence began with the cut.
    connection->is_open_at_server = false;
  } else if (const auto session = sessions_.find(connection->session);
             session != sessions_.end() && session->second.connection == connection) {
    watch_silence(connection->session);
  }
  if (auto client = connection->client.lock()) client->on_broken(connection.get());
}

void SimZookeeper::break_all(const std::function<bool(const Connection&)>& which) {
  std::vector<std::shared_ptr<Connection>> broken;
  for (const auto& [id, session] : sessions_) {
    if (session.connection && which(*session.connection)) broken.push_back(session.connection);
  }
  for (const auto& connection : broken) break_connection(connection);
}

void SimZookeeper::watch_silence(SessionId id) {
  ServerSession& session = sessions_.at(id);
  const env::Duration late = random_.between(env::Duration{}, options_.tick);
  after(session.timeout + late, [this, id, silence = ++session.silence] {
    const auto found = sessions_.find(id);
    const bool is_silent = found != sessions_.end() && found->second.silence == silence;
    if (is_silent && !is_away_ && !is_read_only_) expire(id);
  });
}

// Faults.

void SimZookeeper::drop_connections(const std::string& host) {
  break_all([&](const Connection& connection) { return connection.host == host; });
}

void SimZookeeper::cut(const std::string& host) {
  if (std::exchange(cut_hosts_[host], true)) return;
  for (auto& [id, session] : sessions_) {
    const auto connection = session.connection;
    if (!connection || connection->host != host || !connection->is_open_at_client) continue;
    connection->is_cut = true;
    watch_silence(id);
    // The client gives up a silent server after two thirds of its session's time.
    after(session.timeout * 2 / 3, [this, connection] {
      if (connection->is_cut) break_connection(connection);
    });
  }
}

void SimZookeeper::heal(const std::string& host) {
  if (!std::exchange(cut_hosts_[host], false)) return;
  for (auto& [id, session] : sessions_) {
    const auto connection = session.connection;
    if (!connection || !connection->is_cut || connection->host != host) continue;
    connection->is_cut = false;
    ++session.silence;
    after({}, [this, connection] {
      for (auto& task : std::exchange(connection->held_to_server, {})) {
        send_to_server(connection, std::move(task));
      }
      for (auto& task : std::exchange(connection->held_to_client, {})) {
        send_to_client(connection, std::move(task));
      }
    });
  }
}

void SimZookeeper::process_ended(const std::string& host) {
  for (const auto& known : clients_) {
    if (auto client = known.lock(); client && client->host() == host) client->abandon();
  }
}

void SimZookeeper::go_away() {
  is_away_ = true;
  break_all([](const Connection&) { return true; });
}

void SimZookeeper::lose_quorum() {
  is_read_only_ = true;
  break_all([](const Connection&) { return true; });
}

void SimZookeeper::come_back() {
  if (!is_away_ && !is_read_only_) return;
  is_away_ = false;
  is_read_only_ = false;
  for (const auto& [id, session] : sessions_) watch_silence(id);
}

void SimZookeeper::expire(SessionId id) {
  auto session = sessions_.extract(id);
  if (!session) return;
  std::vector<Operation> removals;
  for (std::string& path : tree_.owned_by(id)) {
    removals.push_back(Operation::remove(std::move(path)));
  }
  if (!removals.empty()) (void)commit(removals, id);
  const auto connection = session.mapped().connection;
  if (!connection) return;
  connection->is_open_at_server = false;
  if (!connection->is_cut) break_connection(connection);
}

std::vector<SessionId> SimZookeeper::sessions() const {
  std::vector<SessionId> ids;
  for (const auto& [id, session] : sessions_) ids.push_back(id);
  return ids;
}

// What has been decided.

std::optional<Node> SimZookeeper::node(const std::string& path) const {
  const Tree::Entry* entry = tree_.find(path);
  if (entry == nullptr) return std::nullopt;
  return Node{entry->bytes, entry->stat};
}

std::vector<std::string> SimZookeeper::children(const std::string& path) const {
  const Tree::Entry* entry = tree_.find(path);
  if (entry == nullptr) return {};
  return {entry->children.begin(), entry->children.end()};
}

Outcome<> SimZookeeper::write(const std::vector<Operation>& operations) {
  auto done = commit(operations, 0);
  if (!done) return std::unexpected(std::move(done.error()));
  return {};
}

Outcome<std::vector<std::int32_t>> SimZookeeper::commit(const std::vector<Operation>& operations,
                                                        SessionId session) {
  auto changes = tree_.apply(operations, session, zxid_ + 1);
  if (!changes) return std::unexpected(std::move(changes.error()));
  ++zxid_;
  std::vector<std::int32_t> versions = versions_after(operations, *changes);
  for (const Tree::Change& change : *changes) {
    world_.scheduler().trace().add(
        "zookeeper", change.path,
        {static_cast<std::uint64_t>(zxid_), static_cast<std::uint64_t>(change.event)},
        change.bytes);
  }
  if (observer_) observer_(zxid_, session, *changes);
  transactions_[zxid_] = {zxid_, std::move(*changes)};
  for (std::size_t server = 0; server < servers_.size(); ++server) schedule_apply(server, zxid_);
  return versions;
}

void SimZookeeper::schedule_apply(std::size_t index, std::int64_t zxid) {
  Server& server = servers_[index];
  const env::MonotonicTime now = world_.scheduler().now();
  server.last_apply = std::max(server.last_apply,
                               now + random_.between(options_.shortest_lag, options_.longest_lag));
  after(server.last_apply - now, [this, &server, zxid] {
    apply(server, transactions_.at(zxid));
    const bool is_everywhere = std::ranges::all_of(
        servers_, [zxid](const Server& other) { return other.applied >= zxid; });
    if (is_everywhere) transactions_.erase(zxid);
  });
}

}  // namespace odradek::quorum::zookeeper::sim
