// SPDX-License-Identifier: Apache-2.0
#include "broker/runtime/embedded_metadata.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "base/assert.h"
#include "base/log.h"
#include "log/directory/room.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;
using metadata::MetadataRecord;

constexpr std::size_t kMaxWaiting = 10'000;

}  // namespace

EmbeddedMetadata::EmbeddedMetadata(env::World& world, quorum::Engine& engine, ImageHolder& image)
    : MetadataRuntime(image),
      world_(world),
      engine_(engine),
      queue_(world.workers().make_queue("metadata", 1)),
      anchor_(std::make_shared<Anchor>()) {
  anchor_->runtime = this;
}

EmbeddedMetadata::~EmbeddedMetadata() { end(); }

void EmbeddedMetadata::end() {
  {
    // The engine may settle a commit later, on a thread of its own.
    const std::lock_guard lock(anchor_->mutex);
    anchor_->runtime = nullptr;
  }
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  queue_.end();
}

base::Result<> EmbeddedMetadata::start(std::vector<MetadataRecord> format, OnStart on_start) {
  metadata::ImageBuilder builder(image_.load());
  auto loaded = engine_.load([&builder](const base::SharedBytes& bytes) -> base::Result<> {
    auto record = metadata::decode_record(bytes);
    if (!record) return base::fail(std::move(record));
    return builder.replay(*record);
  });
  if (!loaded) return base::fail(std::move(loaded));
  auto led = engine_.take_lead();
  if (!led) return base::fail(std::move(led));
  image_.publish(builder.build(led->end_offset, led->epoch));
  if (image_.load()->features.empty()) {
    if (auto done = commit_now(format); !done) return done;
  }
  const auto image = image_.load();
  auto done = commit_now(on_start(*image, image->end_offset.value()));
  if (done || !log::directory::is_out_of_room(done.error())) return done;
  base::log::warn("controller",
                  "{}; served is what was registered before, and this start is noted once there is "
                  "room",
                  done.error().message);
  due_since_start_ = std::move(on_start);
  return {};
}

base::Result<> EmbeddedMetadata::commit_now(const std::vector<MetadataRecord>& records) {
  if (records.empty()) return {};
  const auto changed = world_.workers().make_condition();
  std::mutex mutex;
  std::optional<base::Result<quorum::Position>> result;
  engine_.commit(encode_records(records), world_.clock().wall(),
                 [&](base::Result<quorum::Position> outcome) {
                   const std::lock_guard lock(mutex);
                   result = std::move(outcome);
                   changed->notify_all();
                 });
  {
    std::unique_lock lock(mutex);
    changed->wait(lock, [&result] { return result.has_value(); });
  }
  auto committed = std::move(*result);
  if (!committed) return base::fail(std::move(committed));
  std::shared_ptr<const metadata::ClusterImage> image;
  auto delta = replay(records, *committed, image);
  if (!delta) return base::fail(std::move(delta));
  image_.publish(std::move(image));
  return {};
}

base::Result<metadata::ImageDelta> EmbeddedMetadata::replay(
    const std::vector<MetadataRecord>& records, const quorum::Position& position,
    std::shared_ptr<const metadata::ClusterImage>& next) {
  metadata::ImageBuilder builder(image_.load());
  for (const MetadataRecord& record : records) {
    if (auto done = builder.replay(record); !done) return base::fail(std::move(done));
  }
  next = builder.build(position.end_offset, position.epoch);
  return builder.delta();
}

void EmbeddedMetadata::submit(Decide decide, Done done) {
  {
    std::unique_lock lock(mutex_);
    if (stopped_ || waiting_.size() >= kMaxWaiting) {
      lock.unlock();
      if (done) {
        done(base::fail(ErrorCode::kNotController, "the controller stops, or has too much to do"));
      }
      return;
    }
    waiting_.push_back({std::move(decide), std::move(done)});
    if (std::exchange(busy_, true)) return;
  }
  queue_.submit([this] { next(); });
}

void EmbeddedMetadata::next() {
  std::optional<Job> job;
  env::Task stopped;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) {
      busy_ = false;
      stopped = std::exchange(when_stopped_, {});
    } else {
      job = std::move(waiting_.front());
      waiting_.pop_front();
    }
  }
  if (job) run(std::move(*job));
  if (stopped) stopped();
}

void EmbeddedMetadata::run(Job job) {
  const auto image = image_.load();
  std::vector<MetadataRecord> records;
  if (due_since_start_) records = due_since_start_(*image, image->end_offset.value());
  auto decided = job.decide(*image);
  std::ranges::move(decided, std::back_inserter(records));
  if (records.empty()) {
    job.done({});
    queue_.submit([this] { next(); });
    return;
  }
  auto encoded = encode_records(records);
  engine_.commit(std::move(encoded), world_.clock().wall(),
                 [this, anchor = anchor_, job = std::move(job),
                  records = std::move(records)](base::Result<quorum::Position> committed) mutable {
                   const std::lock_guard lock(anchor->mutex);
                   if (anchor->runtime == nullptr) return;
                   queue_.submit([this, job = std::move(job), records = std::move(records),
                                  committed = std::move(committed)]() mutable {
                     finish(std::move(job), std::move(records), std::move(committed));
                   });
                 });
}

void EmbeddedMetadata::finish(Job job, std::vector<MetadataRecord> records,
                              base::Result<quorum::Position> committed) {
  if (!committed) {
    base::log::error("controller", "a change could not be committed: {}",
                     committed.error().message);
    job.done(base::fail(std::move(committed)));
  } else {
    std::shared_ptr<const metadata::ClusterImage> image;
    auto delta = replay(records, *committed, image);
    ODRADEK_ASSERT(delta.has_value());
    due_since_start_ = {};
    apply(*delta, image);
    job.done({});
    snapshot_if_due();
  }
  next();
}

void EmbeddedMetadata::snapshot_if_due() {
  const base::Timestamp now = world_.clock().wall();
  if (!engine_.wants_snapshot(now)) return;
  const auto image = image_.load();
  auto done = engine_.write_snapshot({image->end_offset, image->epoch},
                                     encode_records(metadata::snapshot_records(*image)), now);
  if (!done) {
    base::log::error("controller", "the snapshot could not be written: {}", done.error().message);
  }
}

void EmbeddedMetadata::stop(Decide last, env::Task stopped) {
  std::deque<Job> refused;
  bool was_busy = false;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    when_stopped_ = std::move(stopped);
    refused.swap(waiting_);
    waiting_.push_back({std::move(last), [](const base::Result<>&) {}});
    was_busy = std::exchange(busy_, true);
  }
  for (Job& job : refused) {
    job.done(base::fail(ErrorCode::kNotController, "the broker stops"));
  }
  if (!was_busy) queue_.submit([this] { next(); });
}

}  // namespace odradek::broker
