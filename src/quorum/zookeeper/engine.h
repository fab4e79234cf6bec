// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "env/clock.h"
#include "quorum/zookeeper/change.h"
#include "quorum/zookeeper/change_log.h"
#include "quorum/zookeeper/committer.h"
#include "quorum/zookeeper/election.h"
#include "quorum/zookeeper/foundation.h"
#include "quorum/zookeeper/registration.h"
#include "quorum/zookeeper/session.h"
#include "quorum/zookeeper/snapshot_writer.h"

namespace odradek::quorum::zookeeper {

struct EngineOptions {
  base::BrokerId broker{0};
  // zookeeper.connect as it was given, for errors.
  std::string connect;
  // A snapshot is due after so much of the log.
  std::uint64_t max_changes_between_snapshots = 1000;
  std::uint64_t max_bytes_between_snapshots = 4 * 1024 * 1024;
};

// What the engine tells, on the session's loop. It may be called back from there, but for commits
// in on_change and on_snapshot.
class Listener {
 public:
  virtual ~Listener() = default;
  // The order, from its beginning or a snapshot on: each change once, on every broker the same.
  virtual void on_snapshot(const Snapshot& snapshot) = 0;
  virtual void on_change(const Change& change) = 0;
  // Nothing more is read: what ZooKeeper holds is damaged.
  virtual void on_damage(const base::Error& error) = 0;
  // Another controller than before, or none.
  virtual void on_controller(const std::optional<ControllerInfo>& controller) = 0;
  // This broker is the controller. Everything that was decided before has been told; commits are
  // taken from now on. `broken_off`: what was written of a change that the last controller did not
  // come to the end of; where there is any, `take_back` comes before the first commit.
  virtual void on_elected(const Lead& lead, const std::vector<base::SharedBytes>& broken_off) = 0;
  // It is no longer; what it had not heard the end of was decided or not, as the order shows.
  virtual void on_lost(const std::string& why) = 0;
  virtual void on_brokers(const std::vector<LiveBrokers::Broker>& brokers) = 0;
  // This broker is registered, at the start and again after its session has expired; `zxid` is
  // another one each time.
  virtual void on_registered(std::int64_t zxid) = 0;
  // DUPLICATE_BROKER_REGISTRATION names the other one; SASL_AUTHENTICATION_FAILED: the credentials
  // are not taken any more. Nothing more is done here.
  virtual void on_refused(const base::Error& error) = 0;
  // ZooKeeper answers, or has not answered: nothing new is decided meanwhile.
  virtual void on_reachable(bool is_reachable) = 0;
  // The session is over: this broker is not registered until on_registered. Whether it is fenced
  // meanwhile is the controller's to decide (docs/decisions/0020).
  virtual void on_expired() = 0;
};

struct Started {
  std::string cluster_id;
  // See Founded.
  base::SharedBytes origin;
  Position position;
};

// The one order in ZooKeeper (docs/formats/zookeeper.md, docs/decisions/0018). Threads: everything
// on the session's loop. The listener and the clock outlive the engine.
class ZookeeperEngine {
 public:
  using MakeSession = std::function<std::unique_ptr<Session>(SessionHandler)>;
  using CommitHandler = Committer::Handler;

  ZookeeperEngine(EngineOptions options, const env::Clock& clock, Listener& listener,
                  Registration::Probe probe, const MakeSession& make_session);
  ~ZookeeperEngine();
  ZookeeperEngine(const ZookeeperEngine&) = delete;
  ZookeeperEngine& operator=(const ZookeeperEngine&) = delete;

  // Connects, agrees on the cluster's id and origin (the proposal where there is none yet), tells
  // the order as it is, then calls. BROKER_NOT_AVAILABLE: nobody answered in time; INVALID_CONFIG:
  // the chroot is something else's; SASL_AUTHENTICATION_FAILED: the credentials were refused. After
  // an error only `close` makes sense. Call once.
  using StartHandler = std::move_only_function<void(base::Result<Started>)>;
  void start(Proposal proposal, StartHandler handler);
  // `node`: the content of /brokers/ids/<id>. Call once, after start.
  void register_broker(BrokerIdentity identity, base::SharedBytes node);
  // Whether this broker is to be the controller when the place is free. After start.
  void stand(bool is_standing);

  // Appends the records, all or none, and writes the view with them; calls when they are decided
  // and told to the listener here. One at a time, as the lead. NOT_CONTROLLER: the lead was lost,
  // and what became of the commit shows in the order. RECORD_LIST_TOO_LARGE: nothing was written.
  // While ZooKeeper is away it waits.
  void commit(const std::vector<base::SharedBytes>& records, std::vector<ViewWrite> view,
              base::Timestamp now, CommitHandler handler);
  // Ends the change that on_elected told of: none of it counts. `view`: what it may have left
  // there, as it was before. Broken off itself, the next lead has all of it to do. Otherwise as
  // commit.
  void take_back(std::vector<ViewWrite> view, base::Timestamp now, CommitHandler handler);
  const std::optional<Lead>& lead() const { return lead_; }
  const Position& position() const { return log_.position(); }
  // The offset that the first record of the next commit gets; where it does not fit into one node,
  // the one before is BeginTransaction's.
  base::Offset next_offset() const { return log_.next(); }

  bool wants_snapshot() const;
  // As the lead, one at a time: `records` stand for everything before `position`, which was told.
  void write_snapshot(const Position& position, base::Timestamp timestamp,
                      const std::vector<base::SharedBytes>& records,
                      SnapshotWriter::Handler handler);
  // Removes the /controller of a dead one so that another can be elected now. Calls with false
  // where it is no longer that one's, or ZooKeeper does not answer.
  void remove_controller(const ControllerInfo& dead, std::move_only_function<void(bool)> done);
  // Ends the session. Final.
  void close(std::move_only_function<void()> done);

 private:
  void on_event(SessionEvent event);
  void on_connected();
  void on_expired();
  void on_credentials_refused();
  void on_founded(base::Result<Founded> founded);
  void on_elected(const Lead& lead);
  void begin_lead(const Lead& lead);
  void on_lost(const std::string& why);
  void fail_start(base::Error error);
  void clear_own_controller();

  const EngineOptions options_;
  const env::Clock& clock_;
  Listener& listener_;
  const std::unique_ptr<Session> session_;
  Foundation foundation_;
  ChangeLog log_;
  Election election_;
  Committer committer_;
  SnapshotWriter snapshots_;
  Registration registration_;
  LiveBrokers brokers_;
  SessionId registered_in_ = 0;
  StartHandler start_handler_;
  bool is_founded_ = false;
  Founded found_;
  SessionId last_session_ = 0;
  bool was_read_only_ = false;
  // Of the listener: elected and caught up.
  std::optional<Lead> lead_;
};

}  // namespace odradek::quorum::zookeeper
