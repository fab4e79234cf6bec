// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "replica/partition.h"

// Those who are woken by what is new: parked fetches, and fetch sessions with partitions that have
// nothing for them.
namespace odradek::replica {

using base::Offset;

Partition::WatchId Partition::watch(const std::shared_ptr<FetchWaiter>& waiter, Isolation isolation,
                                    Offset visible_end, Offset known_high_watermark,
                                    Readable readable) {
  const std::lock_guard lock(mutex_);
  if (!check_readable_locked(base::kNoLeaderEpoch, readable) ||
      visible_end_locked(isolation) > visible_end || high_watermark_ > known_high_watermark) {
    return 0;
  }
  fetch_watches_.emplace_hint(fetch_watches_.end(), next_watch_,
                              FetchWatch{waiter, isolation, visible_end, known_high_watermark});
  return next_watch_++;
}

Partition::WatchId Partition::watch_for_change(const std::shared_ptr<FetchWaiter>& waiter,
                                               const Settled& known) {
  const std::lock_guard lock(mutex_);
  if (!check_readable_locked(known.current_leader_epoch, known.readable) ||
      !still_holds_locked(known)) {
    return 0;
  }
  fetch_watches_.emplace_hint(
      fetch_watches_.end(), next_watch_,
      FetchWatch{waiter, known.isolation, known.visible_end, known.high_watermark, known});
  return next_watch_++;
}

bool Partition::still_holds_locked(const Settled& known) const {
  return visible_end_locked(known.isolation) == known.visible_end &&
         high_watermark_ == known.high_watermark &&
         log_->log_start_offset() == known.log_start_offset;
}

void Partition::unwatch(WatchId watch) {
  const std::lock_guard lock(mutex_);
  const auto found = fetch_watches_.find(watch);
  if (found == fetch_watches_.end()) return;
  note_pulse_locked(found->second);
  fetch_watches_.erase(found);
}

void Partition::wake_fetches() {
  Released released;
  {
    const std::lock_guard lock(mutex_);
    while (!fetch_watches_.empty()) drop_watch_locked(fetch_watches_.begin(), released);
  }
  complete(std::move(released), std::nullopt);
}

void Partition::release_watches_locked(Released& released) {
  if (fetch_watches_.empty()) return;
  const Offset ends[] = {high_watermark_, visible_end_locked(Isolation::kReadCommitted),
                         visible_end_locked(Isolation::kLogEnd)};
  for (auto next = fetch_watches_.begin(); next != fetch_watches_.end();) {
    const auto entry = next++;
    const FetchWatch& watch = entry->second;
    const bool has_nothing_new = ends[static_cast<int>(watch.isolation)] <= watch.visible_end &&
                                 high_watermark_ <= watch.known_high_watermark;
    if (watch.settled ? still_holds_locked(*watch.settled) : has_nothing_new) continue;
    drop_watch_locked(entry, released);
  }
}

void Partition::release_settled_locked(Released& released) {
  for (auto next = fetch_watches_.begin(); next != fetch_watches_.end();) {
    const auto entry = next++;
    if (entry->second.settled) drop_watch_locked(entry, released);
  }
}

void Partition::drop_watch_locked(std::map<WatchId, FetchWatch>::iterator watch,
                                  Released& released) {
  note_pulse_locked(watch->second);
  released.fetches.push_back(std::move(watch->second.waiter));
  fetch_watches_.erase(watch);
}

void Partition::note_pulses_locked() {
  for (const auto& [id, watch] : fetch_watches_) note_pulse_locked(watch);
}

void Partition::note_pulse_locked(const FetchWatch& watch) {
  if (!in_sync_ || !watch.settled || !watch.settled->pulse) return;
  in_sync_->asked_again(watch.settled->follower, watch.settled->pulse->load());
}

}  // namespace odradek::replica
