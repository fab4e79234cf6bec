// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "base/result.h"
#include "env/world.h"
#include "replica/partition.h"

namespace odradek::broker {

// Who waits until what a coordinator wrote is committed, and for how long
// (offsets.commit.timeout.ms): where too few replicas are in sync nothing is committed, and a
// client is to hear of that instead of waiting for good. Threads: any.
class CommitWaits : public std::enable_shared_from_this<CommitWaits> {
 public:
  using Handler = std::move_only_function<void(base::Result<>)>;

  CommitWaits(env::World& world, std::shared_ptr<replica::Partition> partition, env::Duration limit)
      : world_(world), partition_(std::move(partition)), limit_(limit) {}

  // Calls once, from any thread and possibly at once: when everything before `end` is committed,
  // with the partition's error, or with REQUEST_TIMED_OUT, which names the setting; then nothing is
  // kept any more.
  void add(log::AppendEnd end, Handler handler);

 private:
  struct Wait;

  void arm_locked();
  void end_overdue();

  env::World& world_;
  const std::shared_ptr<replica::Partition> partition_;
  const env::Duration limit_;
  std::mutex mutex_;
  // In the order in which they end; those that are over go when one is added, or with the timer.
  std::deque<std::shared_ptr<Wait>> waits_;
  bool is_armed_ = false;
};

}  // namespace odradek::broker
