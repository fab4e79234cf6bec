// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "env/executor.h"
#include "quorum/zookeeper/connect_string.h"
#include "quorum/zookeeper/session.h"

namespace odradek::quorum::zookeeper {

struct ClientOptions {
  // zookeeper.connect. The nodes of the chroot are made at the first connection where they miss.
  ConnectString connect;
  // zookeeper.session.timeout.ms; the ensemble keeps it within 2 to 20 of its ticks.
  env::Duration session_timeout = std::chrono::milliseconds(18000);
  // zookeeper.connection.timeout.ms
  env::Duration connection_timeout = std::chrono::milliseconds(18000);
  // zookeeper.set.acl: nodes are made so that only this identity changes them.
  bool set_acl = false;
  // zookeeper.digest.credentials, user:password; empty: none.
  std::string digest_credentials;
};

// A session by ZooKeeper's official C client, of ensembles from 3.4 on. The client has two threads
// of its own, which only hand over what arrives; what blocks in it (finding the servers' addresses,
// closing) runs on a work queue. Its own log goes to the server's, area `zookeeper`, level DEBUG.
class ClientSession final : public Session {
 public:
  // The executor and the pool outlive the session.
  ClientSession(env::Executor& executor, env::WorkerPool& workers, ClientOptions options,
                SessionHandler handler);
  // On the executor's loop where `close` is done. Else it ends the session itself and blocks while
  // the client's threads end, a few seconds at most: on another thread then, when the loop runs
  // nothing of this session.
  ~ClientSession() override;

  void open() override;
  void close(std::move_only_function<void()> done) override;
  SessionId id() const override;
  bool is_connected() const override;
  void get(const std::string& path, GetHandler handler, Watch watch) override;
  void exists(const std::string& path, ExistsHandler handler, Watch watch) override;
  void children(const std::string& path, ChildrenHandler handler, Watch watch) override;
  void sync(DoneHandler handler) override;
  void multi_with_versions(std::vector<Operation> operations, VersionsHandler handler) override;
  void after(env::Duration pause, env::Task task) override;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace odradek::quorum::zookeeper
