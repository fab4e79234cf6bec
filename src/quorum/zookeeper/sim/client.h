// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "quorum/zookeeper/sim/connection.h"
#include "quorum/zookeeper/sim/sim_zookeeper.h"

namespace odradek::quorum::zookeeper::sim {

// The client's side of a simulated session: connects again by itself, fails what is in flight when
// a connection breaks, keeps its watches. Its tasks are events of the simulation; handlers are
// posted to the executor.
class Client : public std::enable_shared_from_this<Client> {
 public:
  using Finish = std::move_only_function<void(Outcome<Answer>)>;

  Client(SimZookeeper& ensemble, std::string host, env::Executor& executor,
         SimSessionOptions options, SessionHandler handler)
      : ensemble_(ensemble),
        host_(std::move(host)),
        executor_(executor),
        options_(std::move(options)),
        on_event_(std::move(handler)) {}

  void open();
  void close(std::move_only_function<void()> done);
  // Nothing is called any more.
  void abandon();
  SessionId id() const { return id_; }
  bool is_connected() const { return is_connected_; }
  // `request.path` is still without the chroot.
  void call(Request request, Finish finish, Watch watch);
  void refuse(Failure failure, Finish finish);
  void after(env::Duration pause, env::Task task);

  const std::string& host() const { return host_; }
  const SimSessionOptions& options() const { return options_; }
  // What is told by the ensemble.
  void on_accepted(const std::shared_ptr<Connection>& connection);
  void on_refused();
  void on_read_only();
  void on_session_gone();
  void on_broken(const Connection* connection);
  void on_answer(std::uint64_t number, Answer answer, std::int64_t zxid);
  void on_watch(std::uint64_t number, WatchEvent event, std::int64_t zxid);

  // Of the session that it asks for; 0 for a new one.
  SessionId wanted_session() const { return id_; }
  std::int64_t seen_zxid() const { return seen_zxid_; }
  void set_seen_zxid(std::int64_t zxid) { seen_zxid_ = std::max(seen_zxid_, zxid); }
  std::shared_ptr<Connection> connection() const { return connection_; }

 private:
  struct Pending {
    Finish finish;
    Watch watch;
    Request::Kind kind;
    std::string path;
  };
  struct Watching {
    Watch watch;
    Request::Kind kind;
    std::string path;
    bool is_of_missing;
  };

  Outcome<> check_connected() const;
  std::string full_path(const std::string& path) const;
  void connect_after(env::Duration delay);
  void fail_calls(Code code);
  void restore_watches();
  void tell(SessionEvent event);
  void post(std::move_only_function<void(Client&)> step);

  SimZookeeper& ensemble_;
  const std::string host_;
  env::Executor& executor_;
  const SimSessionOptions options_;
  SessionHandler on_event_;
  std::shared_ptr<Connection> connection_;
  SessionId id_ = 0;
  bool is_open_ = false;
  bool is_connected_ = false;
  bool is_connecting_ = false;
  bool is_closed_ = false;
  bool is_read_only_ = false;
  bool is_unreachable_told_ = false;
  // Counts the calls of open.
  std::uint64_t opened_ = 0;
  SessionEvent last_end_ = SessionEvent::kDisconnected;
  std::uint64_t next_number_ = 1;
  std::map<std::uint64_t, Pending> pending_;
  std::map<std::uint64_t, Watching> watches_;
  std::int64_t seen_zxid_ = 0;
};

}  // namespace odradek::quorum::zookeeper::sim
