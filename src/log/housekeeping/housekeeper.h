// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "env/world.h"

namespace odradek::log::housekeeping {

// `ms` as a duration; a century where it is longer.
env::Duration task_interval(std::int64_t ms);

// What a task's work is told while it runs.
class Round {
 public:
  virtual ~Round() = default;
  // The housekeeper is being stopped: long work ends at the next place where it may. Any thread.
  virtual bool should_stop() const = 0;
};

// The work that comes round by itself: a timer on loop 0 for each task, its work on the pool, in a
// queue of the task's own, so that a slow one delays no other. One task never overlaps itself, nor
// do two rounds of it queue up: the next one is due an interval after the last one began, or at
// once where that took longer. Threads: any.
class Housekeeper {
 public:
  // Blocks as it likes, on the disk too. Calls of the housekeeper are allowed from it, but for
  // run_now of its own task and stop.
  using Work = std::function<void(const Round&)>;

  struct Task {
    // For diagnostics and for the calls below. Several tasks may bear one name, as one for each
    // directory does: such a call is about all of them.
    std::string name;
    // From one beginning to the next; zero or less: it never comes by itself.
    env::Duration interval{};
    // From adding it to its first round.
    env::Duration first_delay{};
  };

  explicit Housekeeper(env::World& world);
  // Stops.
  ~Housekeeper();
  Housekeeper(const Housekeeper&) = delete;
  Housekeeper& operator=(const Housekeeper&) = delete;

  // What `work` refers to lives until `stop` returned.
  void add(Task task, Work work);
  // Counts from the last beginning: a shorter one may be due at once. The same one changes nothing.
  void set_interval(std::string_view name, env::Duration interval);
  // Does not wait for the timer: a round begins soon, or once more after the one that runs.
  void run_soon(std::string_view name);
  // One round on the caller's thread, to its end, after what runs of it has ended. Not from a loop.
  // Nothing happens once stopped.
  void run_now(std::string_view name);
  // No round begins any more; waits for those that run. Not from a loop, nor from a task.
  void stop();

 private:
  struct Entry;
  struct Anchor;

  std::vector<Entry*> named_locked(std::string_view name) const;
  void arm_locked(Entry& entry);
  void submit_locked(Entry& entry);
  void on_timer(Entry& entry, std::uint64_t arming);
  void run_submitted(Entry& entry);
  // REQUIRES: it does not run.
  void run(std::unique_lock<std::mutex>& lock, Entry& entry);

  env::World& world_;
  const std::shared_ptr<Anchor> anchor_;
  const std::unique_ptr<env::Condition> changed_;
  const std::unique_ptr<Round> token_;

  std::mutex mutex_;
  bool is_stopped_ = false;
  // Last: their queues wait for what runs.
  std::vector<std::unique_ptr<Entry>> entries_;
};

}  // namespace odradek::log::housekeeping
