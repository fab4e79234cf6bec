// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "quorum/zookeeper/change.h"
#include "quorum/zookeeper/layout.h"
#include "quorum/zookeeper/session.h"

namespace odradek::quorum::zookeeper {

// Everything before a position.
struct Snapshot {
  Position position;
  base::Timestamp timestamp{0};
  std::vector<base::SharedBytes> records;
};

// Reads the change log: from the newest snapshot where the log begins later than what is known
// here, else change by change, each once, in order; then follows it by a watch on the node of the
// next change. A transaction is delivered when its last part is there. On the session's loop.
class ChangeLog {
 public:
  struct Handlers {
    // Takes the place of everything delivered before.
    std::function<void(Snapshot)> on_snapshot;
    std::function<void(Change)> on_change;
    // What the log has cannot be read; nothing more is delivered.
    std::function<void(base::Error)> on_damage;
  };
  ChangeLog(Session& session, Handlers handlers)
      : session_(session), handlers_(std::move(handlers)) {}

  // The session is connected: catches up with what was decided by now. `is_new`: its watches are
  // gone.
  void resume(bool is_new);
  // Calls when everything decided before this call has been delivered; at the earliest when the
  // session is connected.
  void catch_up(std::move_only_function<void()> done);
  // This broker's own change at `offset`, just committed, unless it was read already.
  void take(base::Offset offset, const base::SharedBytes& batch);

  // Where the next node begins.
  base::Offset next() const { return next_; }
  // The end of what was delivered.
  const Position& position() const { return position_; }
  // Of the newest change that was read, also of a transaction that has not ended.
  base::LeaderEpoch newest_epoch() const {
    return transaction_ ? transaction_->end.epoch : position_.epoch;
  }
  // What was read of a transaction that has not ended: at least its begin, or nothing.
  std::vector<base::SharedBytes> open_transaction() const {
    return transaction_ ? transaction_->records : std::vector<base::SharedBytes>();
  }
  // A snapshot of what was delivered is being written: counts again from 0.
  void snapshot_begins() { bytes_since_snapshot_ = changes_since_snapshot_ = 0; }
  // Since the newest snapshot.
  std::uint64_t bytes_since_snapshot() const { return bytes_since_snapshot_; }
  std::uint64_t changes_since_snapshot() const { return changes_since_snapshot_; }

 private:
  void begin();
  void list();
  void read_pointer(std::vector<base::Offset> offsets);
  void read_from(std::vector<base::Offset> offsets);
  void read_listed(std::shared_ptr<std::vector<base::Offset>> offsets, std::size_t from);
  void read_snapshot();
  void read_chunks();
  void finish_snapshot();
  void follow();
  void read_next();
  void on_passing(const Failure& failure);
  // False: nothing more is read.
  bool deliver(const base::SharedBytes& batch, base::Offset expected);
  bool deliver_records(Change change);
  void damage(base::Error error);

  Session& session_;
  const Handlers handlers_;
  base::Offset next_{0};
  Position position_;
  // Begun and not ended.
  std::optional<Change> transaction_;
  std::uint64_t bytes_since_snapshot_ = 0;
  std::uint64_t changes_since_snapshot_ = 0;
  // A round of catching up is on its way, and another one has been asked for.
  bool is_running_ = false;
  bool again_ = false;
  bool is_damaged_ = false;
  std::vector<std::move_only_function<void()>> waiting_;       // for the round that runs
  std::vector<std::move_only_function<void()>> waiting_next_;  // for the one after it
  bool pointer_is_watched_ = false;
  std::optional<base::Offset> watched_;
  std::optional<SnapshotPointer> pointer_;
  std::vector<base::SharedBytes> chunks_;
};

}  // namespace odradek::quorum::zookeeper
