// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "quorum/zookeeper/change.h"
#include "quorum/zookeeper/election.h"
#include "quorum/zookeeper/session.h"
#include "quorum/zookeeper/view_writer.h"

namespace odradek::quorum::zookeeper {

// The view's writes of changes that one multi did not hold: they follow the records in multis of
// their own, so that nobody waits for them but those who read the tree. Of several for one node the
// last counts. While some are open `/odradek/view` says so, for a controller that comes after this
// one: `mark` goes with the records, and the end of the mark follows the last write. On the
// session's loop.
class LateView {
 public:
  // All of these outlive it.
  LateView(Session& session, Election& election, ViewWriter& view)
      : session_(session), election_(election), view_(view) {}

  // Some of it is not known to be written: what comes now comes after that.
  bool is_behind() const { return is_behind_; }
  // The controller before this one was not done with it: all of it is to come.
  void begin_behind() { is_behind_ = true; }
  static Operation mark();
  // What the node says.
  static bool is_mark(base::ByteView text);
  // In the order of the changes; the records are committed with the mark.
  void add(std::vector<ViewWrite> writes);
  // The session is connected, with the lead still held.
  void resume();
  // The lead is lost.
  void abandon();

 private:
  void write_next();
  void take_batch();
  void prepare();
  void send(std::vector<Operation> view);
  void on_answer(const std::vector<Operation>& view, const Outcome<>& outcome);
  void end_mark();

  Session& session_;
  Election& election_;
  ViewWriter& view_;
  std::list<ViewWrite> waiting_;
  std::unordered_map<std::string, std::list<ViewWrite>::iterator> by_path_;
  std::vector<ViewWrite> batch_;  // at work
  bool is_behind_ = false;
  bool is_busy_ = false;
  // Counts connections and multis: an answer to an older one is ignored.
  std::uint64_t attempt_ = 0;
};

}  // namespace odradek::quorum::zookeeper
