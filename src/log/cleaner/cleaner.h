// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/topic_partition.h"
#include "env/world.h"
#include "log/cleaner/cleaning_pass.h"
#include "log/cleaner/throttle.h"
#include "log/log.h"

namespace odradek::log::cleaner {

// The settings of all cleaning, by the names of Kafka's keys.
struct CleanerOptions {
  bool is_enabled = true;                               // log.cleaner.enable
  int threads = 1;                                      // log.cleaner.threads
  std::uint64_t dedupe_buffer_bytes = 134217728;        // log.cleaner.dedupe.buffer.size
  std::uint64_t io_buffer_bytes = 524288;               // log.cleaner.io.buffer.size
  double load_factor = 0.9;                             // log.cleaner.io.buffer.load.factor
  double io_bytes_per_second = 1.7976931348623157E308;  // log.cleaner.io.max.bytes.per.second

  friend bool operator==(const CleanerOptions&, const CleanerOptions&) = default;
};

// What the cleaner did so far.
struct CleanerStatistics {
  std::uint64_t passes = 0;
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;
};

// Compacts the logs of topics whose cleanup.policy says so, the filthiest first, as many at once as
// it has threads. A "thread" is a chain of tasks on the pool, each a short one: nothing is held
// while a chain waits, be it for its turn or by its I/O limit. A partition that can't be cleaned is
// left alone from then on and counted; the others go on. Threads: any.
class Cleaner {
 public:
  // All open logs, whenever asked.
  using Logs = std::function<std::vector<std::shared_ptr<Log>>()>;

  Cleaner(env::World& world, Logs logs);
  // Stops.
  ~Cleaner();
  Cleaner(const Cleaner&) = delete;
  Cleaner& operator=(const Cleaner&) = delete;

  // Takes effect with the next cleaning; the I/O limit at once.
  void configure(const CleanerOptions& options);
  // Looks for work where it is idle: call it every log.cleaner.backoff.ms.
  void wake();

  // Gives up the cleaning of the partition, if there is one, and begins none until as many calls of
  // `resume`: for who moves or removes it. Nothing of the cleaner's touches its files once this
  // returns. Blocks; not from a loop.
  void pause(const base::TopicPartition& partition);
  void resume(const base::TopicPartition& partition);
  // Cleans nothing any more; returns when nothing runs. Blocks; not from a loop.
  void stop();

  // Partitions that can't be cleaned, and the bytes in them that should be; of one log directory,
  // or of all where `directory` is empty.
  std::size_t uncleanable_partitions(std::string_view directory = {}) const;
  std::uint64_t uncleanable_bytes(std::string_view directory = {}) const;
  // Why; nothing where the partition can be cleaned.
  std::optional<std::string> why_uncleanable(const base::TopicPartition& partition) const;
  CleanerStatistics statistics() const;
  // Of the last look: the greatest share of a log that waits to be cleaned.
  double greatest_dirty_ratio() const { return greatest_ratio_.load(std::memory_order_relaxed); }

 private:
  // One chain. `pass` is the runner's while a task of the chain is on a thread, else guarded.
  struct Slot {
    bool is_active = false;
    bool is_running = false;
    // Of the task that comes next: an older one does nothing.
    std::uint64_t turn = 0;
    std::unique_ptr<CleaningPass> pass;
  };
  struct Uncleanable {
    std::string reason;
    std::weak_ptr<Log> log;
  };
  struct Candidate {
    std::shared_ptr<Log> log;
    LogShape shape;
    Need need;
  };
  // What becomes of a chain after one of its tasks.
  struct After {
    bool is_pass_over = false;
    // Nothing is to be done before the next look.
    bool is_idle = false;
    env::Duration delay{};
  };
  struct Anchor;
  using Lock = std::unique_lock<std::mutex>;

  void schedule_locked(std::size_t index, env::Duration delay);
  void submit(std::size_t index, std::uint64_t turn);
  void run(std::size_t index, std::uint64_t turn);
  void end_task_locked(std::size_t index, const After& after);
  After work(CleaningPass& pass);
  void finish(const CleaningPass& pass);
  After handle_error(CleaningPass& pass, const base::Error& error);
  std::unique_ptr<CleaningPass> begin_filthiest();
  std::optional<Candidate> measure_log(const std::shared_ptr<Log>& log, base::Timestamp now) const;
  std::unique_ptr<CleaningPass> claim(Candidate candidate);
  void mark_uncleanable(const std::shared_ptr<Log>& log, const std::string& reason);
  bool is_given_up(const base::TopicPartition& partition) const;
  void forget_gone_locked();

  env::World& world_;
  const Logs logs_;
  const std::shared_ptr<Anchor> anchor_;
  const std::unique_ptr<env::Condition> changed_;
  Throttle throttle_;
  std::atomic<double> greatest_ratio_ = 0;

  mutable std::mutex mutex_;
  CleanerOptions options_;
  bool is_stopped_ = false;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::set<base::TopicPartition> in_progress_;
  std::map<base::TopicPartition, int> paused_;
  std::map<base::TopicPartition, Uncleanable> uncleanable_;
  CleanerStatistics statistics_;

  // Last: waits for what runs.
  std::unique_ptr<env::WorkQueue> queue_;
};

}  // namespace odradek::log::cleaner
