// SPDX-License-Identifier: Apache-2.0
#include "log/move/mover.h"

#include <cerrno>
#include <chrono>
#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "log/directory/log_directory.h"
#include "log/directory/partition_name.h"

namespace odradek::log::move {
namespace {

constexpr std::uint64_t kChunkBytes = 1U << 20U;
// Writes wait while so much is copied at the end.
constexpr std::uint64_t kMissingAtEndMax = 4U << 20U;
constexpr env::Duration kWaitForRoom = std::chrono::seconds(1);

}  // namespace

struct Mover::Move {
  Move(std::shared_ptr<Log> moving, directory::LogDirectory& to, std::string path)
      : log(std::move(moving)), target(to), copy(to.world().disk(), std::move(path)) {}

  const std::shared_ptr<Log> log;
  directory::LogDirectory& target;
  PartitionCopy copy;
  // A step of it runs; one that is not is waiting, in the queue or for the timer.
  bool is_running = false;
  bool is_active = false;
  bool is_cancelled = false;
};

struct Mover::Anchor {
  std::mutex mutex;
  Mover* mover = nullptr;
};

Mover::Mover(env::World& world, MoverOptions options, Handler on_moved, Exclude exclude)
    : world_(world),
      options_(options),
      on_moved_(std::move(on_moved)),
      exclude_(std::move(exclude)),
      anchor_(std::make_shared<Anchor>()),
      changed_(world.workers().make_condition()),
      limit_(options.bytes_per_second),
      queue_(world.workers().make_queue("move logs", options.threads)) {
  anchor_->mover = this;
}

Mover::~Mover() {
  stop();
  const std::lock_guard lock(anchor_->mutex);
  anchor_->mover = nullptr;
}

base::Result<> Mover::begin(std::shared_ptr<Log> log, directory::LogDirectory& target) {
  return begin_in(log, target, {});
}

base::Result<> Mover::resume(std::shared_ptr<Log> log, directory::LogDirectory& target,
                             std::string path) {
  return begin_in(log, target, std::move(path));
}

base::Result<> Mover::begin_in(const std::shared_ptr<Log>& log, directory::LogDirectory& target,
                               std::string path) {
  const base::TopicPartition name = log->name();
  Lock lock(mutex_);
  begin_change(lock, name);
  const auto done = [&]() -> base::Result<> {
    const auto found = moves_.find(name);
    if (found != moves_.end() && &found->second->target == &target) return {};
    cancel_locked(lock, name);
    if (&log->directory() == &target) return {};
    if (auto failure = log->directory().failure()) return std::unexpected(*std::move(failure));
    if (is_stopped_) return base::fail(base::ErrorCode::kKafkaStorageError, "the server stops");
    lock.unlock();
    MovePointer move;
    auto created = create(log, target, std::move(path), move);
    lock.lock();
    if (!created) return created;
    moves_[name] = move;
    waiting_.push_back(move);
    start_waiting_locked();
    return {};
  }();
  end_change_locked(name);
  return done;
}

base::Result<> Mover::create(const std::shared_ptr<Log>& log, directory::LogDirectory& target,
                             std::string path, MovePointer& move) {
  if (auto failure = target.failure()) return std::unexpected(*std::move(failure));
  const bool is_there = !path.empty();
  if (!is_there) {
    env::Random& random = world_.random();
    const std::uint64_t high = random.next();
    path = target.path() + '/' +
           directory::directory_name(log->name(), base::Uuid::from_random(high, random.next()),
                                     directory::DirectoryRole::kFuture);
  }
  move = std::make_shared<Move>(log, target, std::move(path));
  auto created = move->copy.create(log->topic_id());
  if (created && is_there) {
    auto source = log->copy_source();
    if (!source) return base::fail(std::move(source));
    created = move->copy.adopt(*source);
  }
  if (created) {
    base::log::info("log", "{} {} from {} to {}", log->name().to_string(),
                    is_there ? "goes on moving" : "moves", log->directory().path(), target.path());
    return {};
  }
  if (!directory::is_out_of_room(created.error())) target.fail(created.error());
  remove_copy(*move);
  created = base::fail(base::ErrorCode::kKafkaStorageError, created.error().message);
  return created;
}

void Mover::cancel(const base::TopicPartition& name) {
  Lock lock(mutex_);
  begin_change(lock, name);
  cancel_locked(lock, name);
  end_change_locked(name);
}

void Mover::begin_change(Lock& lock, const base::TopicPartition& name) {
  changed_->wait(lock, [&] { return !changing_.contains(name); });
  changing_.insert(name);
}

void Mover::end_change_locked(const base::TopicPartition& name) {
  changing_.erase(name);
  changed_->notify_all();
}

void Mover::cancel_locked(Lock& lock, const base::TopicPartition& name) {
  const auto found = moves_.find(name);
  if (found == moves_.end()) return;
  const MovePointer move = found->second;
  move->is_cancelled = true;
  changed_->wait(lock, [&] { return !move->is_running; });
  if (!moves_.contains(name)) return;  // it ended by itself
  end_locked(move);
  lock.unlock();
  base::log::info("log", "{} stays in {}: its move to {} was called off", name.to_string(),
                  move->log->directory().path(), move->target.path());
  remove_copy(*move);
  lock.lock();
}

std::vector<FutureLog> Mover::futures() const {
  const std::lock_guard lock(mutex_);
  std::vector<FutureLog> futures;
  for (const auto& [name, move] : moves_) {
    if (&move->log->directory() == &move->target) continue;
    futures.push_back({name, &move->target, move->copy.size_bytes(), move->copy.end_offset()});
  }
  return futures;
}

void Mover::set_rate(std::int64_t bytes_per_second) {
  const std::lock_guard lock(mutex_);
  limit_.set_rate(bytes_per_second, world_.clock().monotonic());
}

void Mover::stop() {
  Lock lock(mutex_);
  is_stopped_ = true;
  changed_->wait(lock, [this] { return running_ == 0; });
}

void Mover::start_waiting_locked() {
  while (!is_stopped_ && active_ < options_.threads && !waiting_.empty()) {
    const MovePointer move = std::move(waiting_.front());
    waiting_.pop_front();
    move->is_active = true;
    ++active_;
    submit_locked(move);
  }
}

void Mover::submit_locked(const MovePointer& move) {
  queue_->submit([this, move] { run(move); });
}

void Mover::submit_later_locked(const MovePointer& move, env::Duration delay) {
  world_.loop(0).run_after(delay, [anchor = anchor_, move] {
    const std::lock_guard alive(anchor->mutex);
    if (anchor->mover == nullptr) return;
    const std::lock_guard lock(anchor->mover->mutex_);
    anchor->mover->submit_locked(move);
  });
}

void Mover::run(const MovePointer& move) {
  Lock lock(mutex_);
  if (is_stopped_ || move->is_cancelled) return;
  const env::Duration wait = limit_.wait(world_.clock().monotonic());
  if (wait > env::Duration::zero()) return submit_later_locked(move, wait);
  const std::uint64_t max_bytes = limit_.step_bytes(kChunkBytes);
  move->is_running = true;
  ++running_;
  lock.unlock();
  auto outcome = step(*move, max_bytes);
  lock.lock();
  if (outcome) limit_.spend(outcome->bytes, world_.clock().monotonic());
  const bool is_over = !outcome || outcome->is_done;
  if (is_over) {
    end_locked(move);
    lock.unlock();
    say_end(*move, outcome);
    lock.lock();
  }
  move->is_running = false;
  --running_;
  changed_->notify_all();
  if (is_over || is_stopped_ || move->is_cancelled) return;
  if (outcome->waits_for_room) return submit_later_locked(move, kWaitForRoom);
  submit_locked(move);
}

base::Result<Mover::Outcome> Mover::step(Move& move, std::uint64_t max_bytes) {
  if (auto failure = move.target.failure()) return std::unexpected(*std::move(failure));
  auto source = move.log->copy_source();
  if (!source) return look_again_or_fail(source.error());
  auto progress = move.copy.advance(*source, max_bytes);
  if (!progress) return base::fail(std::move(progress));
  if (!move.copy.is_nearly_complete(*source, max_bytes)) return Outcome{.bytes = progress->bytes};
  auto finished = finish(move);
  if (finished) finished->bytes += progress->bytes;
  return finished;
}

// No room in the directory that the log leaves is no reason to stay there.
base::Result<Mover::Outcome> Mover::look_again_or_fail(const base::Error& error) {
  if (directory::is_out_of_room(error)) return Outcome{.waits_for_room = true};
  return std::unexpected(error);
}

// What was copied is flushed before writes are held up, and not while.
base::Result<Mover::Outcome> Mover::finish(Move& move) {
  if (auto flushed = move.copy.flush(); !flushed) return base::fail(std::move(flushed));
  auto source = move.log->copy_source();
  if (!source) return look_again_or_fail(source.error());
  if (!move.copy.is_nearly_complete(*source, kMissingAtEndMax)) return Outcome{};
  const std::uint64_t missing = move.copy.missing_bytes(*source);
  base::Result<> done;
  const auto relocate = [&] { done = move.log->relocate(move.target, move.copy); };
  // A cleaning has files of its own in the directory that goes.
  if (exclude_) {
    exclude_(move.log->name(), relocate);
  } else {
    relocate();
  }
  if (!done) return base::fail(std::move(done));
  return Outcome{.bytes = missing, .is_done = true};
}

void Mover::end_locked(const MovePointer& move) {
  moves_.erase(move->log->name());
  if (std::exchange(move->is_active, false)) {
    --active_;
  } else {
    std::erase(waiting_, move);
  }
  start_waiting_locked();
}

void Mover::say_end(const Move& move, const base::Result<Outcome>& outcome) {
  const std::string name = move.log->name().to_string();
  if (outcome) {
    base::log::info("log", "{} lies in {} now", name, move.target.path());
    on_moved_(move.log);
    return;
  }
  const base::Error& error = outcome.error();
  base::log::warn("log", "{} stays in {}: its move to {} is given up: {}", name,
                  move.log->directory().path(), move.target.path(), error.message);
  if (move.copy.has_target_failed() && !directory::is_out_of_room(error)) move.target.fail(error);
  remove_copy(move);
}

// Durably renamed, or the next start would go on with it.
void Mover::remove_copy(const Move& move) {
  if (move.target.failure()) return;
  env::Random& random = world_.random();
  const std::uint64_t high = random.next();
  const std::string marked =
      move.target.path() + '/' +
      directory::directory_name(move.log->name(), base::Uuid::from_random(high, random.next()),
                                directory::DirectoryRole::kDelete);
  auto renamed = world_.disk().rename(move.copy.path(), marked);
  if (!renamed && renamed.error().os_error == ENOENT) return;
  if (renamed) renamed = world_.disk().sync_directory(move.target.path());
  if (renamed) return move.target.remove_later(marked, {});
  if (!directory::is_out_of_room(renamed.error())) return move.target.fail(renamed.error());
  (void)world_.disk().remove_tree(move.copy.path());
}

}  // namespace odradek::log::move
