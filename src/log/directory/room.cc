// SPDX-License-Identifier: Apache-2.0
#include "log/directory/room.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/log.h"

namespace odradek::log::directory {
namespace {

constexpr std::int64_t kReserveBytesMax = std::int64_t{256} << 20U;
constexpr std::int64_t kReserveShare = 20;
constexpr std::int64_t kFileBytesMin = std::int64_t{64} << 10U;
constexpr std::int64_t kFileBytesMax = std::int64_t{1} << 20U;
// Above the reserve before a full directory is written to again: a part of it, so that being full
// does not come and go with each segment that is deleted.
constexpr std::int64_t kMarginShare = 8;

std::int64_t file_bytes(std::int64_t reserve_bytes) {
  return std::clamp(reserve_bytes / 4, kFileBytesMin, kFileBytesMax);
}

}  // namespace

bool is_out_of_room(const base::Error& error) {
  return error.os_error == ENOSPC || error.os_error == EDQUOT;
}

Room::Room(env::World& world, std::string directory, std::int64_t reserve_bytes)
    : world_(world),
      directory_(std::move(directory)),
      reserve_setting_(reserve_bytes),
      checked_(world.workers().make_condition()),
      has_file_(world.disk().exists(path_of_file())) {}

void Room::set_reserve(std::int64_t reserve_bytes) {
  reserve_setting_ = reserve_bytes;
  budget_ = 0;  // the next append looks
}

base::Result<Room::Measure> Room::measure() const {
  auto space = world_.disk().space(directory_);
  if (!space) return base::fail(std::move(space));
  Measure measured{.free_bytes = static_cast<std::int64_t>(space->usable_bytes),
                   .reserve_bytes = reserve_setting_.load()};
  if (measured.reserve_bytes == kAutomatic) {
    measured.reserve_bytes =
        std::min(static_cast<std::int64_t>(space->total_bytes) / kReserveShare, kReserveBytesMax);
  }
  return measured;
}

base::Result<> Room::admit(std::uint64_t bytes) {
  const auto wanted = static_cast<std::int64_t>(bytes);
  if (!is_full() && budget_.fetch_sub(wanted, std::memory_order_relaxed) >= wanted) return {};
  if (is_full()) return std::unexpected(refusal());
  // What was counted may be more than what was written: into preallocated space, for one.
  const auto measured = measure();
  if (!measured) return {};  // the write will tell what is wrong
  const std::int64_t left = measured->free_bytes - measured->reserve_bytes;
  budget_.store(std::max<std::int64_t>(left - wanted, 0), std::memory_order_relaxed);
  if (left >= wanted) return {};
  become_full(bytes, fmt::format("{} bytes are free and log.dir.reserve.bytes keeps {}",
                                 measured->free_bytes, measured->reserve_bytes));
  return std::unexpected(refusal());
}

base::Error Room::ran_out(const base::Error& error) {
  {
    const std::lock_guard lock(mutex_);
    was_refused_by_system_ = true;
  }
  become_full(0, error.message);
  return refusal();
}

void Room::become_full(std::uint64_t wanted_bytes, const std::string& why) {
  {
    const std::lock_guard lock(mutex_);
    wanted_bytes_ = std::max(wanted_bytes_, wanted_bytes);
    if (is_full_.exchange(true)) return;
    why_ = why;
  }
  base::log::warn("log",
                  "log directory {} is full: {}; clients' records for it are refused until there "
                  "is room, everything else goes on",
                  directory_, why);
  handler_(true);
}

base::Error Room::refusal() const {
  const std::lock_guard lock(mutex_);
  return {base::ErrorCode::kKafkaStorageError,
          fmt::format("log directory {} is full ({}; see log.dir.reserve.bytes): nothing was "
                      "written, try again",
                      directory_, why_),
          ENOSPC};
}

bool Room::give_up_file() {
  {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(has_file_, false)) return false;
  }
  return world_.disk().remove_file(path_of_file()).has_value();
}

void Room::check() {
  {
    std::unique_lock lock(mutex_);
    checked_->wait(lock, [this] { return !is_checking_; });
    is_checking_ = true;
  }
  if (const auto measured = measure()) {
    const std::int64_t left = measured->free_bytes - measured->reserve_bytes;
    if (!is_full() && left < 0) {
      become_full(0, fmt::format("{} bytes are free and log.dir.reserve.bytes keeps {}",
                                 measured->free_bytes, measured->reserve_bytes));
    }
    if (!is_full()) {
      budget_.store(left, std::memory_order_relaxed);
      (void)keep_file(*measured);
    } else {
      end_full(*measured);
    }
  }
  {
    const std::lock_guard lock(mutex_);
    is_checking_ = false;
  }
  checked_->notify_all();
}

base::Result<> Room::keep_file(const Measure& measured) {
  {
    const std::lock_guard lock(mutex_);
    if (has_file_) return {};
  }
  auto file = world_.disk().open(path_of_file(), env::OpenMode::kCreate);
  if (!file) return base::fail(std::move(file));
  const auto bytes = static_cast<std::uint64_t>(file_bytes(measured.reserve_bytes));
  if (auto done = (*file)->allocate(0, bytes); !done) {
    (void)world_.disk().remove_file(path_of_file());
    return done;
  }
  const std::lock_guard lock(mutex_);
  has_file_ = true;
  return {};
}

void Room::end_full(const Measure& measured) {
  bool was_refused_by_system = false;
  std::int64_t wanted = 0;
  {
    const std::lock_guard lock(mutex_);
    was_refused_by_system = was_refused_by_system_;
    wanted = static_cast<std::int64_t>(wanted_bytes_);
  }
  const std::int64_t left = measured.free_bytes - measured.reserve_bytes;
  const std::int64_t margin =
      std::max(measured.reserve_bytes / kMarginShare, std::min(wanted, measured.reserve_bytes));
  if (left < margin) return;
  // A system that refused a write for another reason than its free bytes refuses this one too.
  if (was_refused_by_system) (void)give_up_file();
  if (!keep_file(measured)) return;
  {
    const std::lock_guard lock(mutex_);
    was_refused_by_system_ = false;
    wanted_bytes_ = 0;
    budget_.store(left, std::memory_order_relaxed);
    is_full_ = false;
  }
  base::log::info("log", "log directory {} has room again: {} bytes are free; records are written",
                  directory_, measured.free_bytes);
  handler_(false);
}

}  // namespace odradek::log::directory
