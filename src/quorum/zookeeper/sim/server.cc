// SPDX-License-Identifier: Apache-2.0
// What a server of the simulated ensemble does with requests.
#include <utility>

#include "quorum/zookeeper/sim/client.h"
#include "quorum/zookeeper/sim/connection.h"
#include "quorum/zookeeper/sim/sim_zookeeper.h"

namespace odradek::quorum::zookeeper::sim {
namespace {

Answer without_node(const std::string& path) {
  return {.outcome = fail(Code::kNoNode, "ZooKeeper: " + path + ": no node"),
          .bytes = {},
          .stat = std::nullopt,
          .names = {},
          .versions = {}};
}

}  // namespace

void SimZookeeper::receive(const std::shared_ptr<Connection>& connection, Request request) {
  connection->requests.push_back(std::move(request));
  if (connection->requests.size() == 1) work(connection);
}

void SimZookeeper::work(const std::shared_ptr<Connection>& connection) {
  const Request& request = connection->requests.front();
  switch (request.kind) {
    case Request::Kind::kGet:
    case Request::Kind::kExists:
    case Request::Kind::kChildren:
      return read(connection, request);
    case Request::Kind::kSync:
    case Request::Kind::kMulti:
    case Request::Kind::kClose:
      return forward(connection, request);
    case Request::Kind::kRestoreWatch:
      return restore_watch(connection, request);
  }
}

void SimZookeeper::finish(const std::shared_ptr<Connection>& connection, Answer answer) {
  const std::uint64_t number = connection->requests.front().number;
  connection->requests.pop_front();
  send_to_client(connection, [connection, number, answer = std::move(answer),
                              zxid = servers_[connection->server].applied] {
    if (auto client = connection->client.lock()) client->on_answer(number, answer, zxid);
  });
  if (!connection->requests.empty()) work(connection);
}

void SimZookeeper::read(const std::shared_ptr<Connection>& connection, const Request& request) {
  Server& server = servers_[connection->server];
  const Tree::Entry* entry = server.tree.find(request.path);
  Answer answer;
  if (entry == nullptr && request.kind != Request::Kind::kExists) {
    answer = without_node(request.path);
  } else if (request.kind == Request::Kind::kChildren) {
    answer.names.assign(entry->children.begin(), entry->children.end());
  } else if (entry != nullptr) {
    answer.stat = entry->stat;
    if (request.kind == Request::Kind::kGet) answer.bytes = entry->bytes;
  }
  if (answer.outcome && request.with_watch) {
    const bool is_of_children = request.kind == Request::Kind::kChildren;
    add_watch(connection, is_of_children ? server.child_watches : server.data_watches, request);
  }
  finish(connection, std::move(answer));
}

void SimZookeeper::add_watch(const std::shared_ptr<Connection>& connection, Watches& watches,
                             const Request& request) {
  watches.emplace(request.path, ServerWatch{connection, request.number});
}

// A watch of an earlier connection: what happened meanwhile is told now.
void SimZookeeper::restore_watch(const std::shared_ptr<Connection>& connection,
                                 const Request& request) {
  Server& server = servers_[connection->server];
  const Tree::Entry* entry = server.tree.find(request.path);
  const bool is_of_children = request.watched_by == Request::Kind::kChildren;
  std::optional<WatchEvent> event;
  if (request.is_of_missing) {
    if (entry != nullptr) event = WatchEvent::kCreated;
  } else if (entry == nullptr) {
    event = WatchEvent::kDeleted;
  } else if (is_of_children && entry->children_zxid > request.seen_zxid) {
    event = WatchEvent::kChildren;
  } else if (!is_of_children && entry->stat.modified_zxid > request.seen_zxid) {
    event = WatchEvent::kChanged;
  }
  if (event) {
    send_to_client(connection,
                   [connection, number = request.number, event = *event, zxid = server.applied] {
                     if (auto client = connection->client.lock())
                       client->on_watch(number, event, zxid);
                   });
  } else {
    add_watch(connection, is_of_children ? server.child_watches : server.data_watches, request);
  }
  connection->requests.pop_front();
  if (!connection->requests.empty()) work(connection);
}

// To the leader, which decides in the order of arrival.
void SimZookeeper::forward(const std::shared_ptr<Connection>& connection, const Request& request) {
  after(draw_delay(), [this, connection, request] { decide(connection, request); });
}

void SimZookeeper::decide(const std::shared_ptr<Connection>& connection, const Request& request) {
  // Without a quorum nothing is decided, and the connections are gone.
  if (is_away_ || is_read_only_) return;
  const auto session = sessions_.find(connection->session);
  if (session == sessions_.end() || session->second.connection != connection) return;
  Answer answer;
  if (request.kind == Request::Kind::kClose) {
    connection->is_open_at_client = false;
    return expire(connection->session);
  }
  if (request.kind == Request::Kind::kMulti) {
    auto versions = commit(request.operations, connection->session);
    if (versions) answer.versions = std::move(*versions);
    if (!versions) answer.outcome = std::unexpected(std::move(versions.error()));
  }
  when_applied(connection->server, zxid_,
               [this, connection, answer = std::move(answer)] { finish(connection, answer); });
}

void SimZookeeper::when_applied(std::size_t index, std::int64_t zxid, std::function<void()> task) {
  Server& server = servers_[index];
  if (server.applied >= zxid) return task();
  server.waiting.emplace(zxid, std::move(task));
}

void SimZookeeper::apply(Server& server, const Transaction& transaction) {
  server.applied = transaction.zxid;
  for (const Tree::Change& change : transaction.changes) {
    server.tree.apply(change, transaction.zxid);
    trigger(server.data_watches, change.path, change.event, transaction.zxid);
    if (change.event == WatchEvent::kChanged) continue;
    if (change.event == WatchEvent::kDeleted) {
      trigger(server.child_watches, change.path, change.event, transaction.zxid);
    }
    trigger(server.child_watches, parent_of(change.path), WatchEvent::kChildren, transaction.zxid);
  }
  while (!server.waiting.empty() && server.waiting.begin()->first <= server.applied) {
    server.waiting.extract(server.waiting.begin()).mapped()();
  }
}

void SimZookeeper::trigger(Watches& watches, const std::string& path, WatchEvent event,
                           std::int64_t zxid) {
  const auto [first, last] = watches.equal_range(path);
  std::vector<ServerWatch> triggered;
  for (auto watch = first; watch != last; ++watch) triggered.push_back(watch->second);
  watches.erase(first, last);
  for (const ServerWatch& watch : triggered) {
    auto connection = watch.connection.lock();
    if (!connection) continue;
    send_to_client(connection, [connection, number = watch.number, event, zxid] {
      if (auto client = connection->client.lock()) client->on_watch(number, event, zxid);
    });
  }
}

}  // namespace odradek::quorum::zookeeper::sim
