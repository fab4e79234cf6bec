// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/log.h"
#include "log/log_manager.h"
#include "log/retention/clock_watch.h"

// The log manager's periodic work.
namespace odradek::log {

namespace {

using directory::LogDirectory;
using housekeeping::Housekeeper;
using housekeeping::Round;
using housekeeping::task_interval;
using retention::ClockWatch;

ClockWatch::Reading read_clocks(const env::Clock& clock) {
  return {.wall = clock.wall(), .monotonic = clock.monotonic()};
}

// The wall clock as retention asks for it, one for all directories: who looks first after a jump
// says so.
class RetentionClock {
 public:
  RetentionClock(const env::Clock& clock, std::int64_t interval_ms)
      : clock_(clock),
        interval_ms_(interval_ms),
        // A little less than the interval: the next round may begin a moment early.
        watch_(read_clocks(clock), task_interval(interval_ms) / 10 * 9) {}

  RetentionCheck look() {
    const std::lock_guard lock(mutex_);
    const ClockWatch::Reading now = read_clocks(clock_);
    if (const auto drift = watch_.look(now)) {
      base::log::warn("log",
                      "the wall clock moved by {} ms against the monotonic clock since the last "
                      "look: nothing is deleted by time until the next one, in {} ms "
                      "(log.retention.check.interval.ms)",
                      std::chrono::duration_cast<std::chrono::milliseconds>(*drift).count(),
                      interval_ms_);
    }
    return {.now = now.wall, .may_delete_by_time = !watch_.is_paused(now.monotonic)};
  }

 private:
  const env::Clock& clock_;
  const std::int64_t interval_ms_;
  std::mutex mutex_;
  ClockWatch watch_;
};

}  // namespace

void LogManager::begin_housekeeping(const HousekeepingOptions& options) {
  const auto make_task = [&](std::string_view name, std::int64_t interval_ms) {
    return Housekeeper::Task{.name = std::string(name),
                             .interval = task_interval(interval_ms),
                             .first_delay = task_interval(options.initial_delay_ms)};
  };
  const std::int64_t retention_ms = options.retention_check_interval_ms;
  auto clock = std::make_shared<RetentionClock>(world_.clock(), retention_ms);
  add_task(make_task(kRetentionTask, retention_ms),
           [this, clock](LogDirectory& directory, const Round& round) {
             const RetentionCheck check = clock->look();
             for (const auto& log : logs_in(directory)) {
               if (round.should_stop() || directory.failure()) return;
               // One that finds no room for it must not keep the next from making some.
               (void)log->delete_old_segments(check);
             }
           });
  configure_cleaner(options.cleaner, options.cleaner_backoff_ms);
  housekeeper_.add(
      {.name = std::string(kCleanerTask),
       .interval = task_interval(std::max<std::int64_t>(options.cleaner_backoff_ms, 1)),
       .first_delay = {}},
      [this](const Round&) { cleaner_.wake(); });
  const std::int64_t expiration_ms = options.producer_expiration_check_interval_ms;
  add_task(make_task(kProducerExpirationTask, expiration_ms),
           [this](LogDirectory& directory, const Round& round) {
             const base::Timestamp now = world_.clock().wall();
             for (const auto& log : logs_in(directory)) {
               if (round.should_stop()) return;
               log->expire_producers(now);
             }
           });
}

void LogManager::configure_cleaner(const cleaner::CleanerOptions& options,
                                   std::int64_t backoff_ms) {
  cleaner_.configure(options);
  // A rest of no time at all is the least that a timer has.
  housekeeper_.set_interval(kCleanerTask, task_interval(std::max<std::int64_t>(backoff_ms, 1)));
}

}  // namespace odradek::log
