// SPDX-License-Identifier: Apache-2.0
#include "broker/runtime/group/commit_waits.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

namespace odradek::broker {

struct CommitWaits::Wait {
  explicit Wait(Handler task) : handler(std::move(task)) {}

  // Whether it was the first to say so.
  bool end(base::Result<> result) {
    if (is_over.exchange(true)) return false;
    std::exchange(handler, {})(std::move(result));
    return true;
  }

  Handler handler;
  std::atomic<bool> is_over = false;
  replica::Partition::WaitId id;
  env::MonotonicTime deadline;
};

void CommitWaits::add(log::AppendEnd end, Handler handler) {
  const auto wait = std::make_shared<Wait>(std::move(handler));
  wait->id = partition_->when_committed(
      end, [wait](base::Result<> result) { wait->end(std::move(result)); });
  if (wait->is_over) return;
  const std::lock_guard lock(mutex_);
  while (!waits_.empty() && waits_.front()->is_over) waits_.pop_front();
  wait->deadline = world_.clock().monotonic() + limit_;
  waits_.push_back(wait);
  arm_locked();
}

void CommitWaits::arm_locked() {
  if (waits_.empty() || std::exchange(is_armed_, true)) return;
  const auto delay =
      std::max(env::Duration{}, waits_.front()->deadline - world_.clock().monotonic());
  world_.loop(0).run_after(delay, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->end_overdue();
  });
}

void CommitWaits::end_overdue() {
  std::vector<std::shared_ptr<Wait>> overdue;
  {
    const std::lock_guard lock(mutex_);
    is_armed_ = false;
    const auto now = world_.clock().monotonic();
    while (!waits_.empty() && (waits_.front()->is_over || waits_.front()->deadline <= now)) {
      overdue.push_back(std::move(waits_.front()));
      waits_.pop_front();
    }
    arm_locked();
  }
  for (const auto& wait : overdue) {
    partition_->forget(wait->id);
    wait->end(base::fail(base::ErrorCode::kRequestTimedOut,
                         "not committed within offsets.commit.timeout.ms"));
  }
}

}  // namespace odradek::broker
