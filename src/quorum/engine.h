// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"

namespace odradek::quorum {

// How far the agreed order has come.
struct Position {
  base::Offset end_offset{0};
  base::LeaderEpoch epoch{0};
};

// The one agreed order of the cluster's metadata records, whoever keeps it. Records are opaque
// bytes here.
class Engine {
 public:
  // One record, in order. An error ends the loading.
  using Replay = std::function<base::Result<>(const base::SharedBytes& record)>;
  using CommitHandler = std::move_only_function<void(base::Result<Position>)>;

  virtual ~Engine() = default;

  // Reads everything from the newest snapshot on. Blocks; call once, first.
  [[nodiscard]] virtual base::Result<Position> load(const Replay& replay) = 0;
  // Takes the lead under a new epoch. Blocks; call once, after load. Succeeds on a full disk too:
  // what it lacked the room to write comes before the next commit's records.
  [[nodiscard]] virtual base::Result<Position> take_lead() = 0;
  // Appends the records, all or none, and calls once, from any thread, when they are safe. One at a
  // time: the next commit comes after the handler was called. After an error with ENOSPC nothing
  // was appended, and the next commit may find room; after any other the order's end is not known
  // here, and every further commit fails.
  virtual void commit(std::vector<base::SharedBytes> records, base::Timestamp now,
                      CommitHandler handler) = 0;
  // Whether so much was committed since the last snapshot that another is due.
  virtual bool wants_snapshot(base::Timestamp now) const = 0;
  // Keeps `records`, which stand for everything before `position`, and forgets what they replace.
  // Blocks.
  [[nodiscard]] virtual base::Result<> write_snapshot(const Position& position,
                                                      const std::vector<base::SharedBytes>& records,
                                                      base::Timestamp now) = 0;
  // Nothing is committed any more. Blocks.
  [[nodiscard]] virtual base::Result<> close() = 0;
};

}  // namespace odradek::quorum
