// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "env/linux/linux_world.h"
#include "quorum/zookeeper/session.h"

namespace odradek::cli {

// ZooKeeper's nodes below a chroot, for commands: each function blocks until the ensemble has
// answered, over as many connections as that takes within the time-out. Errors are sentences for
// people. Threads: the caller's.
class ZookeeperTree {
 public:
  // `servers`: host:port,…[/chroot], as zookeeper.connect has it. BROKER_NOT_AVAILABLE: nobody
  // answered within the time-out, or there is no such chroot, which nobody makes here.
  [[nodiscard]] static base::Result<std::unique_ptr<ZookeeperTree>> connect(
      const std::string& servers, env::Duration timeout);
  ~ZookeeperTree();

  // Paths begin below the chroot. Nothing: the node is not there.
  [[nodiscard]] base::Result<std::optional<std::string>> get(const std::string& path);
  // Sorted; none where the node is not there.
  [[nodiscard]] base::Result<std::vector<std::string>> children(const std::string& path);
  // Makes the node, and its parents, where they miss.
  [[nodiscard]] base::Result<> put(const std::string& path, const std::string& text);
  // Makes a node that goes with this session. False: somebody else's is there.
  [[nodiscard]] base::Result<bool> claim(const std::string& path, const std::string& text);
  // With all below it. Nothing happens where it is not there.
  [[nodiscard]] base::Result<> remove(const std::string& path);

 private:
  using Failure = quorum::zookeeper::Failure;
  template <typename T>
  using Outcome = quorum::zookeeper::Outcome<T>;

  explicit ZookeeperTree(env::Duration timeout);
  base::Result<> open(const std::string& servers);
  void on_event(quorum::zookeeper::SessionEvent event);
  // Calls `ask(session, done)` on the loop until the answer is not of a lost connection.
  template <typename T, typename Ask>
  Outcome<T> answer_of(Ask ask);
  Outcome<void> multi(const quorum::zookeeper::Operation& operation);
  base::Result<> make_parents(const std::string& path);
  std::string full_path(const std::string& path) const { return chroot_ + path; }

  const env::Duration timeout_;
  std::string chroot_;
  env::LinuxWorld world_;
  std::unique_ptr<quorum::zookeeper::Session> session_;
  // Of the first connection.
  std::promise<quorum::zookeeper::SessionEvent> first_;
  bool is_first_told_ = false;
};

}  // namespace odradek::cli
