// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/result.h"
#include "quorum/zookeeper/change.h"
#include "quorum/zookeeper/change_log.h"
#include "quorum/zookeeper/election.h"
#include "quorum/zookeeper/session.h"
#include "quorum/zookeeper/view_writer.h"

namespace odradek::quorum::zookeeper {

// The controller's commits, one at a time, part by part. After a lost connection it reads the node
// of its own part before anything else: that tells whether it was done. On the session's loop.
class Committer {
 public:
  using Handler = std::move_only_function<void(base::Result<Position>)>;
  Committer(Session& session, ChangeLog& log, Election& election)
      : session_(session), log_(log), election_(election), view_(session) {}

  bool is_idle() const { return !handler_; }
  // REQUIRES: idle, the lead, and at least one part. NOT_CONTROLLER: the lead was lost, and whether
  // it was decided shows in the log.
  void commit(std::vector<Part> parts, Handler handler);
  // The session is connected, with the lead still held.
  void resume();
  // The lead is lost.
  void abandon(const std::string& why);
  // A lead begins: others may have written the view.
  void forget_view() { view_.forget(); }

 private:
  void submit();
  void send(std::vector<Operation> view);
  void on_answer(const std::vector<Operation>& view,
                 const Outcome<std::vector<std::int32_t>>& versions);
  void on_refused(const std::vector<Operation>& view, const Failure& failure);
  // What was sent may have been done: looks.
  void read_own();
  void part_done();
  void finish(base::Result<Position> result);

  Session& session_;
  ChangeLog& log_;
  Election& election_;
  ViewWriter view_;
  std::vector<Part> parts_;
  std::size_t part_ = 0;
  Handler handler_;
  // Counts commits and connections: an answer to an older one is ignored.
  std::uint64_t attempt_ = 0;
  bool is_sent_ = false;
};

}  // namespace odradek::quorum::zookeeper
