// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "env/world.h"

namespace odradek::log::directory {

// Whether a call failed because the file system (ENOSPC) or its owner's share of it (EDQUOT) is
// full. Of a flush it says nothing: what failed to be flushed is lost.
bool is_out_of_room(const base::Error& error);

// The room of one log directory. Part of its file system is a reserve: clients' records stop before
// it, so that what the server writes for itself (metadata, committed offsets, checkpoints) and what
// makes room (deletions) goes on. A small file in the directory, `.reserve`, takes up real space:
// should somebody else fill the disk to the last byte, it is given up to the server's own writes.
//
// Full is a state of the directory and no failure of it: it ends by itself once there is room.
// Threads: any.
class Room {
 public:
  // log.dir.reserve.bytes: kept free; kAutomatic: a twentieth of the file system, at most 256 MiB.
  static constexpr std::int64_t kAutomatic = -1;

  Room(env::World& world, std::string directory, std::int64_t reserve_bytes = kAutomatic);

  // Called when the directory becomes full (true) and when it is no longer (false), on the thread
  // that found out, without a lock of the room's; it does not block. Set before the first use.
  void set_handler(std::function<void(bool is_full)> handler) { handler_ = std::move(handler); }
  void set_reserve(std::int64_t reserve_bytes);

  // Whether clients' records of so many bytes may be written now. KAFKA_STORAGE_ERROR, which
  // clients take for a reason to try again, names the directory and the setting. Counts what it
  // admits and looks at the file system when that is used up: does not block.
  [[nodiscard]] base::Result<> admit(std::uint64_t bytes);
  bool is_full() const { return is_full_.load(std::memory_order_relaxed); }
  // A write found no room: the directory is full from here on. Returns what those are told whose
  // bytes were not written.
  base::Error ran_out(const base::Error& error);
  // Gives up the file that keeps space for the server's own writes: true where there was one, so
  // that the write may be tried again. Blocks.
  bool give_up_file();
  // Calls `write`, and once more where it found no room and the file could be given up.
  template <typename Write>
  auto insist(const Write& write) {
    auto done = write();
    if (done || !is_out_of_room(done.error()) || !give_up_file()) return done;
    return write();
  }

  // Looks at the file system: makes the file where there is room for it, becomes full, or ends
  // being full. Blocks. Called every kCheckInterval.
  void check();
  static constexpr env::Duration kCheckInterval = std::chrono::milliseconds(500);

 private:
  struct Measure {
    std::int64_t free_bytes = 0;
    std::int64_t reserve_bytes = 0;
  };

  base::Result<Measure> measure() const;
  std::string path_of_file() const { return directory_ + "/.reserve"; }
  // Makes the file unless it is there; this is also how a full directory is found to have room.
  base::Result<> keep_file(const Measure& measured);
  void become_full(std::uint64_t wanted_bytes, const std::string& why);
  void end_full(const Measure& measured);
  base::Error refusal() const;

  env::World& world_;
  const std::string directory_;
  std::function<void(bool)> handler_ = [](bool) {};
  std::atomic<std::int64_t> reserve_setting_;
  std::atomic<bool> is_full_ = false;
  std::atomic<std::int64_t> budget_ = 0;

  // One look at a time.
  const std::unique_ptr<env::Condition> checked_;
  mutable std::mutex mutex_;
  bool is_checking_ = false;
  bool has_file_ = false;
  // A write failed: the file system's own numbers are not to be trusted (a quota, no more inodes).
  bool was_refused_by_system_ = false;
  std::uint64_t wanted_bytes_ = 0;
  std::string why_;
};

}  // namespace odradek::log::directory
