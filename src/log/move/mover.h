// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/topic_partition.h"
#include "env/world.h"
#include "log/log.h"
#include "log/move/partition_copy.h"
#include "log/move/rate_limit.h"

namespace odradek::log::move {

struct MoverOptions {
  // num.replica.alter.log.dirs.threads: partitions copied at once; the others wait their turn.
  int threads = 1;
  // replica.alter.log.dirs.io.max.bytes.per.second, of all copies together
  std::int64_t bytes_per_second = INT64_MAX;
};

// A partition on its way to another directory, as DescribeLogDirs shows it.
struct FutureLog {
  base::TopicPartition name;
  const directory::LogDirectory* target = nullptr;
  std::uint64_t size_bytes = 0;
  base::Offset end_offset;
};

// Moves partitions between log directories (KIP-113) while they are written and read: copies the
// files in small steps until little is missing, then lets the log go on in the copy
// (Log::relocate). What can't be gone on with is given up and said, with the partition untouched.
// Holds 1 MiB for each partition that is copied. Threads: any; calls block on the disk.
class Mover {
 public:
  // Called after each move, from any thread, without a lock.
  using Handler = std::function<void(const std::shared_ptr<Log>&)>;
  // Calls what it is given while nobody compacts the partition; blocks. Null: nobody ever does.
  using Exclude =
      std::function<void(const base::TopicPartition& name, const std::function<void()>& end_move)>;

  Mover(env::World& world, MoverOptions options, Handler on_moved, Exclude exclude = nullptr);
  // Stops.
  ~Mover();
  Mover(const Mover&) = delete;
  Mover& operator=(const Mover&) = delete;

  // Makes the future directory, durably, and begins to copy; a move elsewhere that runs is ended
  // first. To where the log lies: just that. KAFKA_STORAGE_ERROR.
  [[nodiscard]] base::Result<> begin(std::shared_ptr<Log> log, directory::LogDirectory& target);
  // begin() for a move that a stop or a crash interrupted: goes on in the future directory `path`.
  [[nodiscard]] base::Result<> resume(std::shared_ptr<Log> log, directory::LogDirectory& target,
                                      std::string path);
  // Ends the partition's move, where there is one, and removes the copy. The move may have ended
  // well just before.
  void cancel(const base::TopicPartition& name);
  // By name.
  std::vector<FutureLog> futures() const;

  void set_rate(std::int64_t bytes_per_second);
  // Copies nothing any more; the copies stay, and the next start finds them. Waits for steps that
  // run.
  void stop();

 private:
  struct Move;
  using MovePointer = std::shared_ptr<Move>;
  using Lock = std::unique_lock<std::mutex>;
  // What tasks on the loop hold instead of the mover: empty once it is gone.
  struct Anchor;
  struct Outcome {
    std::uint64_t bytes = 0;
    bool is_done = false;
    // The log's files can't be copied before its directory has room.
    bool waits_for_room = false;
  };

  // One begin or cancel of a partition at a time.
  void begin_change(Lock& lock, const base::TopicPartition& name);
  void end_change_locked(const base::TopicPartition& name);
  void cancel_locked(Lock& lock, const base::TopicPartition& name);
  // `path`: of a future directory to go on in; empty: of none.
  base::Result<> begin_in(const std::shared_ptr<Log>& log, directory::LogDirectory& target,
                          std::string path);
  base::Result<> create(const std::shared_ptr<Log>& log, directory::LogDirectory& target,
                        std::string path, MovePointer& move);
  void start_waiting_locked();
  void submit_locked(const MovePointer& move);
  void submit_later_locked(const MovePointer& move, env::Duration delay);
  void run(const MovePointer& move);
  base::Result<Outcome> step(Move& move, std::uint64_t max_bytes);
  base::Result<Outcome> finish(Move& move);
  // After an error of Log::copy_source.
  static base::Result<Outcome> look_again_or_fail(const base::Error& error);
  void end_locked(const MovePointer& move);
  void say_end(const Move& move, const base::Result<Outcome>& outcome);
  void remove_copy(const Move& move);

  env::World& world_;
  const MoverOptions options_;
  const Handler on_moved_;
  const Exclude exclude_;
  const std::shared_ptr<Anchor> anchor_;
  const std::unique_ptr<env::Condition> changed_;

  mutable std::mutex mutex_;
  RateLimit limit_;
  bool is_stopped_ = false;
  std::map<base::TopicPartition, MovePointer> moves_;
  // Those of moves_ that are not copied yet, in the order of asking.
  std::deque<MovePointer> waiting_;
  int active_ = 0;
  int running_ = 0;
  std::set<base::TopicPartition> changing_;

  // Last: waits for what runs.
  std::unique_ptr<env::WorkQueue> queue_;
};

}  // namespace odradek::log::move
