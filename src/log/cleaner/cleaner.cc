// SPDX-License-Identifier: Apache-2.0
#include "log/cleaner/cleaner.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "log/cleaner/cleanable_log.h"
#include "log/directory/log_directory.h"

namespace odradek::log::cleaner {
namespace {

// Slots say how many chains there are; the queue lets them all run.
constexpr int kMaxParallel = 1024;
// A task gives the thread back after so long, or so many steps.
constexpr env::Duration kSlice = std::chrono::milliseconds(20);
constexpr int kStepsMax = 64;
// Kafka's buffers take no less than one record either.
constexpr std::uint64_t kBufferBytesMin = 4096;

bool is_temporary(const base::Error& error) {
  constexpr std::array kTemporary{ENOSPC, EDQUOT, EMFILE, ENFILE, ENOMEM};
  return std::ranges::find(kTemporary, error.os_error) != kTemporary.end();
}

// Whether the segments that the pass works on are not the log's any more.
bool is_overtaken(const CleaningPass& pass) {
  const auto now = pass.log()->cleanable()->cleaning_shape();
  if (!now) return true;
  for (const base::Offset base_offset : pass.segments_left()) {
    const auto is_it = [&](const SegmentShape& segment) {
      return segment.base_offset == base_offset;
    };
    if (std::ranges::none_of(now->segments, is_it)) return true;
  }
  return false;
}

}  // namespace

// What timers hold instead of the cleaner: empty once it is gone.
struct Cleaner::Anchor {
  std::mutex mutex;
  Cleaner* cleaner = nullptr;
};

Cleaner::Cleaner(env::World& world, Logs logs)
    : world_(world),
      logs_(std::move(logs)),
      anchor_(std::make_shared<Anchor>()),
      changed_(world.workers().make_condition()),
      throttle_(world.clock()),
      queue_(world.workers().make_queue("log cleaner", kMaxParallel)) {
  anchor_->cleaner = this;
  options_.threads = 0;
}

Cleaner::~Cleaner() {
  stop();
  const std::lock_guard lock(anchor_->mutex);
  anchor_->cleaner = nullptr;
}

void Cleaner::configure(const CleanerOptions& options) {
  throttle_.set_rate(options.io_bytes_per_second);
  const std::lock_guard lock(mutex_);
  options_ = options;
  if (!options.is_enabled) options_.threads = 0;
  while (slots_.size() < static_cast<std::size_t>(options_.threads)) {
    slots_.push_back(std::make_unique<Slot>());
  }
}

void Cleaner::wake() {
  const std::lock_guard lock(mutex_);
  forget_gone_locked();
  for (std::size_t i = 0; i < static_cast<std::size_t>(options_.threads); ++i) {
    if (is_stopped_ || slots_[i]->is_active) continue;
    slots_[i]->is_active = true;
    schedule_locked(i, {});
  }
}

void Cleaner::forget_gone_locked() {
  std::erase_if(uncleanable_, [](const auto& entry) { return entry.second.log.expired(); });
}

void Cleaner::schedule_locked(std::size_t index, env::Duration delay) {
  const std::uint64_t turn = ++slots_[index]->turn;
  if (delay <= env::Duration::zero()) return submit(index, turn);
  world_.loop(0).run_after(delay, [anchor = anchor_, index, turn] {
    const std::lock_guard lock(anchor->mutex);
    if (anchor->cleaner != nullptr) anchor->cleaner->submit(index, turn);
  });
}

void Cleaner::submit(std::size_t index, std::uint64_t turn) {
  queue_->submit([this, index, turn] { run(index, turn); });
}

void Cleaner::run(std::size_t index, std::uint64_t turn) {
  Slot* slot = nullptr;
  {
    const std::lock_guard lock(mutex_);
    slot = slots_[index].get();
    if (is_stopped_ || slot->is_running || !slot->is_active || slot->turn != turn) return;
    slot->is_running = true;
  }
  if (!slot->pass) slot->pass = begin_filthiest();
  const After after = slot->pass ? work(*slot->pass) : After{.is_idle = true};
  const std::unique_ptr<CleaningPass> over =
      after.is_pass_over ? std::move(slot->pass) : std::unique_ptr<CleaningPass>();
  const std::lock_guard lock(mutex_);
  if (over) in_progress_.erase(over->log()->name());
  end_task_locked(index, after);
}

void Cleaner::end_task_locked(std::size_t index, const After& after) {
  Slot& slot = *slots_[index];
  slot.is_running = false;
  changed_->notify_all();
  // Fewer threads are wanted now: this one ends with its work.
  const bool is_one_too_many = !slot.pass && index >= static_cast<std::size_t>(options_.threads);
  if (is_stopped_ || after.is_idle || is_one_too_many) {
    slot.is_active = false;
    return;
  }
  schedule_locked(index, after.delay);
}

bool Cleaner::is_given_up(const base::TopicPartition& partition) const {
  const std::lock_guard lock(mutex_);
  return is_stopped_ || paused_.contains(partition);
}

Cleaner::After Cleaner::work(CleaningPass& pass) {
  const env::MonotonicTime end = world_.clock().monotonic() + kSlice;
  for (int i = 0; i < kStepsMax; ++i) {
    if (is_given_up(pass.log()->name())) {
      pass.abandon();
      return {.is_pass_over = true};
    }
    const std::uint64_t before = pass.statistics().bytes_moved();
    auto progress = pass.step();
    if (!progress) return handle_error(pass, progress.error());
    if (*progress == CleaningPass::Progress::kOvertaken) {
      pass.abandon();
      return {.is_pass_over = true, .is_idle = true};
    }
    if (*progress == CleaningPass::Progress::kDone) {
      finish(pass);
      return {.is_pass_over = true};
    }
    const env::Duration delay = throttle_.take(pass.statistics().bytes_moved() - before);
    // Shorter waits than this add up to a longer one.
    if (delay > std::chrono::milliseconds(1)) return {.delay = delay};
    if (world_.clock().monotonic() >= end) break;
  }
  return {};
}

void Cleaner::finish(const CleaningPass& pass) {
  Log& log = *pass.log();
  log.directory().set_cleaner_offset(log.name(), pass.end_offset());
  const PassStatistics& done = pass.statistics();
  base::log::info("log",
                  "{}: cleaned from offset {} to {}: {} of {} records kept, {} bytes written, {} "
                  "read, {} keys",
                  log.name().to_string(), pass.range().first_dirty.value(),
                  pass.end_offset().value(), done.records_kept, done.records_read,
                  done.bytes_written, done.bytes_read, done.keys);
  if (done.records_without_key > 0) {
    base::log::warn("log", "{}: cleaning removed {} records that have no key",
                    log.name().to_string(), done.records_without_key);
  }
  const std::lock_guard lock(mutex_);
  ++statistics_.passes;
  statistics_.bytes_read += done.bytes_read;
  statistics_.bytes_written += done.bytes_written;
}

Cleaner::After Cleaner::handle_error(CleaningPass& pass, const base::Error& error) {
  pass.abandon();
  const std::shared_ptr<Log>& log = pass.log();
  const After after{.is_pass_over = true, .is_idle = true};
  if (log->directory().failure() || is_overtaken(pass)) return after;
  if (is_temporary(error)) {
    base::log::warn("log", "{}: not cleaned, tried again later: {}", log->name().to_string(),
                    error.message);
    return after;
  }
  if (error.os_error != 0 && error.os_error != ENOENT) {
    log->directory().fail(error);
    return after;
  }
  mark_uncleanable(log, error.message);
  return {.is_pass_over = true};
}

void Cleaner::mark_uncleanable(const std::shared_ptr<Log>& log, const std::string& reason) {
  base::log::error("log", "{}: can't be cleaned and is left as it is until the next start: {}",
                   log->name().to_string(), reason);
  const std::lock_guard lock(mutex_);
  uncleanable_[log->name()] = {.reason = reason, .log = log};
}

std::optional<Cleaner::Candidate> Cleaner::measure_log(const std::shared_ptr<Log>& log,
                                                       base::Timestamp now) const {
  CleanableLog& cleanable = *log->cleanable();
  auto shape = cleanable.cleaning_shape();
  if (!shape) return std::nullopt;
  const LogConfig config = log->config();
  const auto checkpoint = log->directory().cleaner_offset(log->name());
  std::vector<SegmentTimes> times;
  if (needs_times(config)) {
    const base::Offset dirty = begin_dirty_range(*shape, checkpoint).first_dirty;
    for (std::size_t i = first_dirty_segment(*shape, dirty); i + 1 < shape->segments.size(); ++i) {
      // What can't be opened counts as young: it is somebody else's to tell why.
      auto source = cleanable.open_source(shape->segments[i].base_offset);
      if (!source || !*source) return std::nullopt;
      times.push_back({.first_batch = (*source)->files.first_batch_timestamp,
                       .largest = (*source)->files.max_timestamp.timestamp});
    }
  }
  const Need need = measure(*shape, checkpoint, times, config, now);
  if (need.range.was_reset) {
    log->directory().set_cleaner_offset(log->name(), need.range.first_dirty);
  }
  return Candidate{.log = log, .shape = std::move(*shape), .need = need};
}

std::unique_ptr<CleaningPass> Cleaner::begin_filthiest() {
  const base::Timestamp now = world_.clock().wall();
  std::vector<Candidate> due;
  double greatest = 0;
  for (const auto& log : logs_()) {
    if (log->cleanable() == nullptr || !log->config().cleanup_compact ||
        log->directory().failure()) {
      continue;
    }
    {
      const std::lock_guard lock(mutex_);
      if (is_stopped_) return nullptr;
      const auto uncleanable = uncleanable_.find(log->name());
      if (uncleanable != uncleanable_.end() && uncleanable->second.log.lock() == log) continue;
    }
    auto candidate = measure_log(log, now);
    if (!candidate) continue;
    greatest = std::max(greatest, candidate->need.ratio());
    if (candidate->need.is_due(log->config())) due.push_back(std::move(*candidate));
  }
  greatest_ratio_.store(greatest, std::memory_order_relaxed);
  std::ranges::sort(due, [](const Candidate& left, const Candidate& right) {
    return left.need.ratio() > right.need.ratio();
  });
  for (Candidate& candidate : due) {
    if (auto pass = claim(std::move(candidate))) return pass;
  }
  return nullptr;
}

std::unique_ptr<CleaningPass> Cleaner::claim(Candidate candidate) {
  PassOptions options;
  {
    const std::lock_guard lock(mutex_);
    const base::TopicPartition& name = candidate.log->name();
    if (is_stopped_ || paused_.contains(name) || options_.threads <= 0) return nullptr;
    if (!in_progress_.insert(name).second) return nullptr;
    const auto threads = static_cast<std::uint64_t>(options_.threads);
    // One half for reading, one for writing, as in Kafka.
    options = {.map_bytes = options_.dedupe_buffer_bytes / threads,
               .load_factor = options_.load_factor,
               .buffer_bytes = std::max(options_.io_buffer_bytes / threads / 2, kBufferBytesMin)};
  }
  return std::make_unique<CleaningPass>(world_, std::move(candidate.log),
                                        std::move(candidate.shape), candidate.need.range, options);
}

void Cleaner::pause(const base::TopicPartition& partition) {
  std::vector<std::unique_ptr<CleaningPass>> given_up;
  Lock lock(mutex_);
  ++paused_[partition];
  for (const auto& slot : slots_) {
    if (slot->is_running || !slot->pass || slot->pass->log()->name() != partition) continue;
    given_up.push_back(std::move(slot->pass));
    slot->is_active = false;
  }
  lock.unlock();
  for (const auto& pass : given_up) pass->abandon();
  lock.lock();
  if (!given_up.empty()) in_progress_.erase(partition);
  changed_->wait(lock, [&] { return !in_progress_.contains(partition); });
}

void Cleaner::resume(const base::TopicPartition& partition) {
  const std::lock_guard lock(mutex_);
  const auto paused = paused_.find(partition);
  ODRADEK_ASSERT(paused != paused_.end());
  if (--paused->second == 0) paused_.erase(paused);
}

void Cleaner::stop() {
  std::vector<std::unique_ptr<CleaningPass>> given_up;
  Lock lock(mutex_);
  is_stopped_ = true;
  changed_->wait(lock, [this] {
    return std::ranges::none_of(slots_, [](const auto& slot) { return slot->is_running; });
  });
  for (const auto& slot : slots_) {
    if (slot->pass) given_up.push_back(std::move(slot->pass));
  }
  lock.unlock();
  for (const auto& pass : given_up) pass->abandon();
}

std::size_t Cleaner::uncleanable_partitions(std::string_view directory) const {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const auto& [name, uncleanable] : uncleanable_) {
    const auto log = uncleanable.log.lock();
    if (log && (directory.empty() || log->directory().path() == directory)) ++count;
  }
  return count;
}

std::uint64_t Cleaner::uncleanable_bytes(std::string_view directory) const {
  std::vector<std::shared_ptr<Log>> logs;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, uncleanable] : uncleanable_) {
      const auto log = uncleanable.log.lock();
      if (log && (directory.empty() || log->directory().path() == directory)) logs.push_back(log);
    }
  }
  // By sizes alone: ages would have to be read from the disk.
  std::uint64_t bytes = 0;
  for (const auto& log : logs) {
    const auto shape = log->cleanable()->cleaning_shape();
    if (!shape) continue;
    const auto checkpoint = log->directory().cleaner_offset(log->name());
    bytes += measure(*shape, checkpoint, {}, {}, {}).cleanable_bytes;
  }
  return bytes;
}

std::optional<std::string> Cleaner::why_uncleanable(const base::TopicPartition& partition) const {
  const std::lock_guard lock(mutex_);
  const auto found = uncleanable_.find(partition);
  if (found == uncleanable_.end() || found->second.log.expired()) return std::nullopt;
  return found->second.reason;
}

CleanerStatistics Cleaner::statistics() const {
  const std::lock_guard lock(mutex_);
  return statistics_;
}

}  // namespace odradek::log::cleaner
