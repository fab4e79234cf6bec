// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "env/world.h"
#include "log/directory/flush_statistics.h"
#include "log/log.h"

namespace odradek::log::directory {

// Group commit of one log directory: the logs that ask for a flush while a group runs form the
// next one, so that nobody waits for a timer and no flush is done twice. A small group is flushed
// log by log in parallel, a large one by one sync of the file system. Threads: any. A log is never
// called with the lock held.
class FlushGroups {
 public:
  struct Options {
    int max_parallel = 1;
    std::size_t max_logs_flushed_singly = 0;
  };

  // `on_failure` is called on a worker with the error of a flush. The groups end with it.
  FlushGroups(env::World& world, std::string directory, Options options,
              FlushStatistics& statistics, std::function<void(const base::Error&)> on_failure);

  // See LogDirectory.
  void add(Log& log);
  void forget(Log& log);
  void request(Log& log);
  // The same where nobody waits: Log::prepare_background_flush first, beside the groups that run.
  void request_in_background(Log& log);
  // See FlushHold.
  void hold();
  void release();

  // Ends all flushing for good; what runs comes to its end.
  void abandon();
  // Tells every log that the directory failed.
  void announce(const base::Error& error);

 private:
  struct Member {
    Log* log = nullptr;
    bool is_pending = false;
    bool is_being_prepared = false;
    bool is_forgotten = false;
    // Calls of the log that are under way.
    int calls = 0;
  };

  void add_locked(Member& member);
  void prepare_background();
  void run_group();
  void flush_singly();
  void flush_together();
  // Takes members off `list` one at a time and calls `step` for each without the lock, until the
  // list is empty. An error ends it and the groups.
  void for_each_member(std::unique_lock<std::mutex>& lock, std::vector<Member*>& list,
                       const std::function<base::Result<>(Log&)>& step);
  void end_group_locked();
  void start_group_locked();
  void abandon_locked();

  env::World& world_;
  const std::string directory_;
  const Options options_;
  FlushStatistics& statistics_;
  const std::function<void(const base::Error&)> on_failure_;
  const std::unique_ptr<env::Condition> changed_;

  std::mutex mutex_;
  std::unordered_map<Log*, Member> members_;
  // The next group, in the order of asking.
  std::vector<Member*> pending_;
  // Those to be prepared for a background flush, and those that are; all of them form one group.
  std::vector<Member*> early_;
  std::vector<Member*> ready_;
  bool is_preparing_ = false;
  // The group that runs: those not taken up yet, and those prepared for a common sync.
  std::vector<Member*> group_;
  std::vector<Member*> prepared_;
  // Those who will ask for more in a moment.
  int holds_ = 0;
  // A group runs or is about to.
  bool is_running_ = false;
  // Between run_group's taking the members and the last one's end.
  bool is_group_open_ = false;
  bool is_flushing_singly_ = false;
  bool is_abandoned_ = false;
  // Workers at the group.
  int workers_ = 0;

  // Destroyed first: waits for what runs.
  std::unique_ptr<env::WorkQueue> queue_;
};

}  // namespace odradek::log::directory
