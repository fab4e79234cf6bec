// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "quorum/zookeeper/election.h"
#include "quorum/zookeeper/layout.h"
#include "quorum/zookeeper/session.h"

namespace odradek::quorum::zookeeper {

// The controller's snapshots, one at a time: the chunks, then the pointer to them, then older
// snapshots and the changes that it stands for go. Each multi checks the epoch. Every step can be
// done again, so after a lost connection the last one simply is. On the session's loop.
class SnapshotWriter {
 public:
  using Handler = std::move_only_function<void(base::Result<>)>;
  SnapshotWriter(Session& session, Election& election) : session_(session), election_(election) {}

  bool is_idle() const { return !handler_; }
  // REQUIRES: idle and the lead. NOT_CONTROLLER: the lead was lost, the last whole snapshot counts.
  void write(const Position& position, base::Timestamp timestamp,
             const std::vector<base::SharedBytes>& records, Handler handler);
  void resume();
  void abandon(const std::string& why);

 private:
  void next_step();
  void run(std::vector<Operation> operations);
  void list_snapshots();
  void list_chunks(std::vector<std::string> names);
  void list_changes();
  void trim(std::vector<std::string> paths);
  void finish(base::Result<> result);

  Session& session_;
  Election& election_;
  Position position_;
  // Of writing; what is left when they are done is trimming.
  std::vector<std::vector<Operation>> steps_;
  std::size_t step_ = 0;
  Handler handler_;
  std::uint64_t attempt_ = 0;
};

}  // namespace odradek::quorum::zookeeper
