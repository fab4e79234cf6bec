// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "env/world.h"
#include "quorum/zookeeper/session.h"

namespace odradek::zookeeper_test {

namespace zookeeper = quorum::zookeeper;
using zookeeper::Code;
using zookeeper::Operation;
using zookeeper::Outcome;
using zookeeper::Session;
using zookeeper::SessionEvent;
using zookeeper::SessionHandler;
using zookeeper::WatchEvent;

struct SessionOptions {
  std::string chroot = {};
  int session_timeout_ms = 2000;
  int connection_timeout_ms = 30000;
  bool set_acl = false;
  std::string digest_credentials = {};
};

// An ensemble and the loop on which its sessions live, simulated or real.
class Harness {
 public:
  virtual ~Harness() = default;

  // From a host of that name; not yet open.
  virtual std::unique_ptr<Session> make_session(const std::string& host,
                                                const SessionOptions& options,
                                                SessionHandler handler) = 0;
  // Its loop 0 is the sessions' one.
  virtual env::World& world() = 0;
  // Runs on the loop and comes back when it is done.
  virtual void on_loop(std::function<void()> step) = 0;
  // Waits until the condition, called on the loop, holds. False: not in a long time.
  [[nodiscard]] virtual bool run_until(std::function<bool()> condition) = 0;

  // The connections from that host break.
  virtual void drop_connections(const std::string& host) = 0;
  // And no others can be made until `heal`.
  virtual void cut(const std::string& host) = 0;
  virtual void heal(const std::string& host) = 0;
  // Of real ones: the next connection from that host is taken and never answered.
  virtual void ignore_next(const std::string& /*host*/) {}
  // The whole ensemble.
  virtual void go_away() = 0;
  virtual void come_back() = 0;
};

std::unique_ptr<Harness> make_simulated_harness(std::uint64_t seed);
// A server of its own for the process, empty at first; each harness is to use paths of its own.
std::unique_ptr<Harness> make_real_harness();

// A session and what it has told, used from the test's thread.
class Peer {
 public:
  Peer(Harness& harness, std::string host, const SessionOptions& options = {});
  ~Peer();

  // Opens it and waits until it is connected.
  [[nodiscard]] bool connect();
  void open();
  // Closes it and waits until that is done.
  void close();
  zookeeper::SessionId id();
  bool is_connected();
  const std::string& host() const { return host_; }

  // Each waits for the answer.
  Outcome<zookeeper::Node> get(const std::string& path);
  Outcome<std::optional<zookeeper::Stat>> exists(const std::string& path);
  Outcome<std::vector<std::string>> children(const std::string& path);
  Outcome<> sync();
  Outcome<> multi(std::vector<Operation> operations);
  Outcome<std::vector<std::int32_t>> multi_with_versions(std::vector<Operation> operations);
  // The same with a watch that is told to `events` as "name: event".
  Outcome<> watch_node(const std::string& path, const std::string& name);
  Outcome<> watch_exists(const std::string& path, const std::string& name);
  Outcome<> watch_children(const std::string& path, const std::string& name);

  // What was told so far, in order: session events by their names, and watches.
  std::vector<std::string> events();
  [[nodiscard]] bool wait_for(const std::string& event);
  // For what is done in the middle of a call; on the loop only.
  Session& session() { return *session_; }
  void note(std::string event) { events_.push_back(std::move(event)); }

 private:
  template <typename Value, typename Start>
  Outcome<Value> wait_for_answer(Start start);
  zookeeper::Watch noting(const std::string& name);

  Harness& harness_;
  std::string host_;
  std::vector<std::string> events_;  // of the loop
  std::unique_ptr<Session> session_;
  bool is_closed_ = false;
};

}  // namespace odradek::zookeeper_test
