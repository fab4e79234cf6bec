// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "env/clock.h"
#include "quorum/zookeeper/layout.h"
#include "quorum/zookeeper/session.h"

namespace odradek::quorum::zookeeper {

// What every commit of a controller stands on: the epoch that it raised, and the version that the
// node has since.
struct Lead {
  base::LeaderEpoch epoch{0};
  std::int32_t epoch_version = 0;

  friend bool operator==(const Lead&, const Lead&) = default;
};
// The first operation of whatever a controller writes.
Operation check_of(const Lead& lead);

struct ControllerInfo {
  base::BrokerId broker{0};
  // Its lead.
  Lead lead;
  SessionId session = 0;
  // Of its node: another one is another election.
  std::int64_t zxid = 0;

  friend bool operator==(const ControllerInfo&, const ControllerInfo&) = default;
};

// Who is the controller: /controller and /controller_epoch, taken in one multi. On the session's
// loop.
class Election {
 public:
  struct Handlers {
    // Another controller than before, or none.
    std::function<void(const std::optional<ControllerInfo>&)> on_controller;
    // This broker; nothing before it is decided any more by another.
    std::function<void(const Lead&)> on_elected;
    // No longer this broker. `why` is for the log.
    std::function<void(const std::string& why)> on_lost;
    // The epoch of the newest change that is known: an elected one's is a later one, whatever
    // somebody has written into /controller_epoch.
    std::function<base::LeaderEpoch()> newest_epoch;
  };
  Election(Session& session, const env::Clock& clock, base::BrokerId broker, Handlers handlers)
      : session_(session), clock_(clock), broker_(broker), handlers_(std::move(handlers)) {}

  // The session is connected. `is_new`: its watches and ephemeral nodes are gone.
  void resume(bool is_new);
  // The session has ended, and the lead with it.
  void on_expired();
  // From now on this broker takes the place whenever it is free; or does not.
  void stand(bool is_standing);
  // A commit found that the lead is another's, or the caller gives it up.
  void lose(const std::string& why);
  const std::optional<Lead>& lead() const { return lead_; }
  const std::optional<ControllerInfo>& controller() const { return controller_; }

  // Removes the /controller of one that is dead, unless another was elected since: then
  // kBadVersion or kNoNode. After a kConnectionLoss it may have been removed.
  void remove(const ControllerInfo& dead, Session::DoneHandler done);

 private:
  struct Observation {
    std::optional<Lead> before;
    std::optional<ControllerInfo> controller;
    bool is_complete = true;
  };
  void observe();
  // The epoch's node; where its text is no epoch somebody has written it, and it counts as 0.
  std::optional<Lead> to_lead(const Outcome<Node>& node);
  void make_epoch();
  // After what ZooKeeper refused: again, but not at once.
  void observe_later();
  void on_refused(const Failure& failure);
  void finish(const Observation& seen, const std::optional<Lead>& after);
  void attempt(const Lead& last);
  // Our own /controller without a lead: of an election that was lost meanwhile.
  void renew(const Lead& last);

  Session& session_;
  const env::Clock& clock_;
  const base::BrokerId broker_;
  const Handlers handlers_;
  bool is_standing_ = false;
  bool is_observing_ = false;
  bool again_ = false;
  bool is_watched_ = false;
  // A multi that takes the place was sent and its end is not known.
  bool has_attempted_ = false;
  // Refused in a row.
  int refusals_ = 0;
  // Of the text that is no number, as it was told.
  std::int32_t unreadable_version_ = -1;
  std::optional<Lead> lead_;
  std::optional<ControllerInfo> controller_;
};

}  // namespace odradek::quorum::zookeeper
