// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "env/clock.h"
#include "quorum/zookeeper/session.h"

// What passes between a simulated client and the simulated ensemble.
namespace odradek::quorum::zookeeper::sim {

class Client;

struct Request {
  enum class Kind : std::uint8_t { kGet, kExists, kChildren, kSync, kMulti, kClose, kRestoreWatch };
  Kind kind = Kind::kGet;
  // The client's number of the call.
  std::uint64_t number = 0;
  std::string path = {};
  bool with_watch = false;
  std::vector<Operation> operations = {};
  // Of kRestoreWatch: the call that set it, whether it found the node, and the newest state that
  // the client has seen.
  Kind watched_by = Kind::kGet;
  bool is_of_missing = false;
  std::int64_t seen_zxid = 0;
};

struct Answer {
  Outcome<> outcome;
  base::SharedBytes bytes;
  std::optional<Stat> stat;
  std::vector<std::string> names;
  // Of a multi (session.h).
  std::vector<std::int32_t> versions;
};

struct Connection {
  std::weak_ptr<Client> client;
  std::string host;
  SessionId session = 0;
  std::size_t server = 0;
  bool is_open_at_client = true;
  bool is_open_at_server = true;
  // Nothing passes; what was sent waits in order.
  bool is_cut = false;
  std::deque<std::function<void()>> held_to_server;
  std::deque<std::function<void()>> held_to_client;
  // Nothing sent later arrives before.
  env::MonotonicTime last_to_server{};
  env::MonotonicTime last_to_client{};
  // At the server, the first being worked off.
  std::deque<Request> requests;
};

}  // namespace odradek::quorum::zookeeper::sim
