// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "env/executor.h"
#include "env/sim/sim_world.h"
#include "quorum/zookeeper/session.h"
#include "quorum/zookeeper/sim/tree.h"

namespace odradek::quorum::zookeeper::sim {

class Client;
struct Connection;
struct Request;
struct Answer;

struct EnsembleOptions {
  int servers = 3;
  // Of a message between a client and its server, or from a server to the leader.
  env::Duration shortest_delay = std::chrono::microseconds(50);
  env::Duration longest_delay = std::chrono::microseconds(1500);
  // From a decision until a server shows it to its readers.
  env::Duration shortest_lag = std::chrono::microseconds(50);
  env::Duration longest_lag = std::chrono::milliseconds(5);
  // Sessions end up to so much after their time.
  env::Duration tick = std::chrono::milliseconds(500);
};

struct SimSessionOptions {
  std::string chroot;
  env::Duration session_timeout = std::chrono::seconds(6);
  env::Duration connection_timeout = std::chrono::seconds(18);
};

// A ZooKeeper ensemble on a simulated clock, everything from the simulation's seed: servers that
// lag behind the leader, sessions with time-outs, ephemeral nodes, versions, one-shot watches,
// multis, connections that break with requests on their way (done or not, as the seed has it). What
// a real ensemble promises holds, and nothing more: a read may be old unless a `sync` came before
// it, a request of a session that moved to another server is dropped. Elections among its own
// servers, access lists and quotas are not simulated.
//
// It outlives its sessions, the simulated world outlives it. Threads: the simulation's one.
class SimZookeeper {
 public:
  SimZookeeper(env::sim::SimWorld& world, EnsembleOptions options = {});
  ~SimZookeeper();
  SimZookeeper(const SimZookeeper&) = delete;
  SimZookeeper& operator=(const SimZookeeper&) = delete;

  // A session of a process on that host, not yet open. Handlers come on `executor`.
  std::unique_ptr<Session> make_session(const std::string& host, env::Executor& executor,
                                        SimSessionOptions options, SessionHandler handler);

  // The connections of the host are reset. What is on its way arrives or not.
  void drop_connections(const std::string& host);
  // Nothing passes between the host and the ensemble until `heal`, and nobody is told.
  void cut(const std::string& host);
  void heal(const std::string& host);
  // The host's process is gone: its sessions call nothing any more, the ensemble sees the
  // connections closed, and the sessions end after their time-outs.
  void process_ended(const std::string& host);
  // The servers stop and refuse connections until `come_back`, which gives every session its full
  // time-out again.
  void go_away();
  void come_back();
  bool is_away() const { return is_away_; }
  // Servers without a quorum, which answer reads only, until `come_back`.
  void lose_quorum();
  // The session ends now.
  void expire(SessionId session);
  std::vector<SessionId> sessions() const;

  // What has been decided, and a hand of somebody who uses no session of ours.
  std::optional<Node> node(const std::string& path) const;
  std::vector<std::string> children(const std::string& path) const;
  [[nodiscard]] Outcome<> write(const std::vector<Operation>& operations);
  // Called with each transaction in order, as it is decided.
  using Observer =
      std::function<void(std::int64_t zxid, SessionId, const std::vector<Tree::Change>&)>;
  void set_observer(Observer observer) { observer_ = std::move(observer); }

 private:
  friend class Client;

  struct Transaction {
    std::int64_t zxid = 0;
    std::vector<Tree::Change> changes;
  };
  struct ServerWatch {
    std::weak_ptr<Connection> connection;
    std::uint64_t number = 0;
  };
  using Watches = std::multimap<std::string, ServerWatch>;
  struct Server {
    Tree tree;
    std::int64_t applied = 0;  // zxid
    env::MonotonicTime last_apply{};
    Watches data_watches;
    Watches child_watches;
    // Waiting for the server to have applied so much.
    std::multimap<std::int64_t, std::function<void()>> waiting;
  };
  struct ServerSession {
    env::Duration timeout{};
    std::shared_ptr<Connection> connection;
    // Counts the silences: an older one's time-out means nothing.
    std::uint64_t silence = 0;
  };

  // Runs the task later unless the ensemble is gone by then.
  void after(env::Duration delay, std::function<void()> task);
  env::Duration draw_delay();
  // Connections of a client, see Client.
  void accept(const std::shared_ptr<Client>& client);
  bool adopt(const std::shared_ptr<Client>& client, std::size_t server);
  void make_chroot(const std::string& chroot);
  void send_to_server(const std::shared_ptr<Connection>& connection, std::function<void()> task);
  void send_to_client(const std::shared_ptr<Connection>& connection, std::function<void()> task);
  static void deliver(const std::shared_ptr<Connection>& connection, bool is_to_server,
                      std::function<void()> task);
  bool is_lost_on_the_way(Connection& connection);
  void break_connection(const std::shared_ptr<Connection>& connection);
  void break_all(const std::function<bool(const Connection&)>& which);
  void watch_silence(SessionId session);

  // Requests at a server, one at a time for each connection.
  void receive(const std::shared_ptr<Connection>& connection, Request request);
  void work(const std::shared_ptr<Connection>& connection);
  void finish(const std::shared_ptr<Connection>& connection, Answer answer);
  void read(const std::shared_ptr<Connection>& connection, const Request& request);
  void forward(const std::shared_ptr<Connection>& connection, const Request& request);
  void decide(const std::shared_ptr<Connection>& connection, const Request& request);
  void restore_watch(const std::shared_ptr<Connection>& connection, const Request& request);
  static void add_watch(const std::shared_ptr<Connection>& connection, Watches& watches,
                        const Request& request);
  void when_applied(std::size_t server, std::int64_t zxid, std::function<void()> task);
  // The leader.
  Outcome<std::vector<std::int32_t>> commit(const std::vector<Operation>& operations,
                                            SessionId session);
  void schedule_apply(std::size_t server, std::int64_t zxid);
  void apply(Server& server, const Transaction& transaction);
  void trigger(Watches& watches, const std::string& path, WatchEvent event, std::int64_t zxid);

  env::sim::SimWorld& world_;
  const EnsembleOptions options_;
  env::sim::SeededRandom random_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  Tree tree_;
  std::int64_t zxid_ = 0;
  std::map<std::int64_t, Transaction> transactions_;  // not yet applied everywhere
  std::vector<Server> servers_;
  std::map<SessionId, ServerSession> sessions_;
  SessionId next_session_ = 0x1000;
  std::vector<std::weak_ptr<Client>> clients_;
  std::map<std::string, bool> cut_hosts_;
  bool is_away_ = false;
  bool is_read_only_ = false;
  Observer observer_;
};

}  // namespace odradek::quorum::zookeeper::sim
