// SPDX-License-Identifier: Apache-2.0
#include "broker/runtime/zookeeper_metadata.h"

#include <iterator>
#include <utility>

#include "base/log.h"
#include "broker/runtime/wait.h"
#include "broker/runtime/zookeeper_view_writes.h"
#include "metadata/image_difference.h"
#include "metadata/zookeeper_view.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;
using metadata::ClusterImage;
using metadata::MetadataRecord;
using quorum::zookeeper::ZookeeperEngine;

constexpr std::size_t kMaxWaiting = 10'000;
constexpr auto kStopGrace = std::chrono::seconds(5);
constexpr auto kBeginAgain = std::chrono::seconds(1);
constexpr const char* kNotHere = "this broker is not the active controller";

base::Result<std::vector<MetadataRecord>> decode_records(
    const std::vector<base::SharedBytes>& encoded) {
  std::vector<MetadataRecord> records;
  for (const base::SharedBytes& bytes : encoded) {
    auto record = metadata::decode_record(bytes);
    if (!record) return base::fail(std::move(record));
    records.push_back(std::move(*record));
  }
  return records;
}

base::Result<> replay(const std::vector<base::SharedBytes>& encoded,
                      metadata::ImageBuilder& builder) {
  const auto records = decode_records(encoded);
  if (!records) return base::fail(records.error());
  for (const MetadataRecord& record : *records) {
    if (auto done = builder.replay(record); !done) return done;
  }
  return {};
}

}  // namespace

ZookeeperMetadata::ZookeeperMetadata(env::World& world, ImageHolder& image,
                                     quorum::zookeeper::EngineOptions options, Hooks hooks)
    : MetadataRuntime(image),
      world_(world),
      options_(std::move(options)),
      hooks_(std::move(hooks)),
      queue_(world.workers().make_queue("decisions", 1)),
      followers_(world.workers().make_queue("metadata", 1)),
      newest_(image.load()) {}

ZookeeperMetadata::~ZookeeperMetadata() { end(); }

void ZookeeperMetadata::end() {
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
  }
  // The first one asks for more of the second.
  queue_.end();
  followers_.end();
}

base::Result<quorum::zookeeper::Started> ZookeeperMetadata::start(
    quorum::zookeeper::Proposal proposal, quorum::zookeeper::Registration::Probe probe,
    ZookeeperEngine::MakeSession make_session) {
  using quorum::zookeeper::Started;
  auto started = std::make_shared<Wait<base::Result<Started>>>(world_.workers());
  world_.loop(0).post([this, started, proposed = std::move(proposal), probe = std::move(probe),
                       make_session = std::move(make_session)]() mutable {
    engine_ = std::make_unique<ZookeeperEngine>(options_, world_.clock(), listener(),
                                                std::move(probe), make_session);
    engine_->start(std::move(proposed), [this, started](base::Result<Started> result) {
      if (!result) return started->set(base::fail(std::move(result)));
      // What was told is replayed first.
      queue_.submit(
          [started, found = std::move(*result)]() mutable { started->set(std::move(found)); });
    });
  });
  return started->take();
}

base::Result<> ZookeeperMetadata::register_broker(quorum::zookeeper::BrokerIdentity identity,
                                                  base::SharedBytes node) {
  auto registered = std::make_shared<Wait<base::Result<>>>(world_.workers());
  world_.loop(0).post(
      [this, registered, identity = std::move(identity), node = std::move(node)]() mutable {
        on_registration_ = [this, registered](base::Result<> result) {
          is_registered_ = result.has_value();
          stand_if_possible();
          registered->set(std::move(result));
        };
        engine_->register_broker(std::move(identity), std::move(node));
      });
  return registered->take();
}

void ZookeeperMetadata::await_image(std::function<bool(const ClusterImage&)> is_there) {
  auto seen = std::make_shared<Wait<bool>>(world_.workers());
  queue_.submit([this, seen, is_there = std::move(is_there)]() mutable {
    if (is_there(*newest_)) return seen->set(true);
    awaited_ = std::move(is_there);
    on_awaited_ = [seen] { seen->set(true); };
  });
  seen->take();
}

base::Result<> ZookeeperMetadata::attach(const std::function<base::Result<>()>& serve) {
  auto held = std::make_shared<Wait<bool>>(world_.workers());
  queue_.submit([this, held] {
    stage_ = Stage::kHeld;
    held->set(true);
  });
  held->take();
  if (auto done = serve(); !done) return done;
  queue_.submit([this] {
    stage_ = Stage::kFollowing;
    for (env::Task& task : held_) followers_.submit(std::move(task));
    held_.clear();
  });
  return {};
}

void ZookeeperMetadata::shut() {
  auto closed = std::make_shared<Wait<bool>>(world_.workers());
  world_.loop(0).post([this, closed] {
    if (!engine_) return closed->set(true);
    engine_->close([this, closed] {
      world_.loop(0).post([this, closed] {
        engine_.reset();
        closed->set(true);
      });
    });
  });
  closed->take();
}

void ZookeeperMetadata::on_snapshot(const quorum::zookeeper::Snapshot& snapshot) {
  note_beginning();
  queue_.submit([this, snapshot] { take_snapshot(snapshot); });
}

void ZookeeperMetadata::on_change(const quorum::zookeeper::Change& change) {
  note_beginning();
  queue_.submit([this, change] { take_change(change); });
}

void ZookeeperMetadata::note_beginning() {
  if (!std::exchange(has_begun_, true)) stand_if_possible();
}

void ZookeeperMetadata::stand_if_possible() {
  if (is_registered_ && (has_begun_ || first_records_)) engine_->stand(true);
}

void ZookeeperMetadata::on_damage(const base::Error& error) { fail_for_good(error); }

void ZookeeperMetadata::on_controller(
    const std::optional<quorum::zookeeper::ControllerInfo>& controller) {
  hooks_.on_controller(controller);
}

void ZookeeperMetadata::on_elected(const quorum::zookeeper::Lead& lead,
                                   const std::vector<base::SharedBytes>& broken_off) {
  base::log::info("controller", "this broker is the active controller, in epoch {}",
                  lead.epoch.value());
  queue_.submit([this, lead, broken_off] { begin_lead(lead, broken_off); });
}

void ZookeeperMetadata::on_lost(const std::string& why) {
  base::log::info("controller", "this broker is no longer the active controller: {}", why);
  queue_.submit([this, why] {
    if (!std::exchange(lead_, std::nullopt)) return;
    if (std::exchange(is_lead_open_, false)) hooks_.on_lost(why);
  });
}

void ZookeeperMetadata::on_brokers(const Brokers& brokers) { hooks_.on_brokers(brokers); }

void ZookeeperMetadata::on_registered(std::int64_t) {
  if (auto first = std::exchange(on_registration_, {})) return first({});
  hooks_.on_registered();
}

void ZookeeperMetadata::on_refused(const base::Error& error) {
  if (auto first = std::exchange(on_registration_, {})) return first(base::fail(error));
  fail_for_good(error);
}

void ZookeeperMetadata::on_reachable(bool is_reachable) {
  is_reachable_ = is_reachable;
  hooks_.on_reachable(is_reachable);
}

void ZookeeperMetadata::on_expired() { hooks_.on_expired(); }

void ZookeeperMetadata::fail_for_good(const base::Error& error) { hooks_.on_fatal(error); }

void ZookeeperMetadata::take_snapshot(const quorum::zookeeper::Snapshot& snapshot) {
  metadata::ImageBuilder builder(std::make_shared<const ClusterImage>());
  if (auto done = replay(snapshot.records, builder); !done) return fail_for_good(done.error());
  auto image = builder.build(snapshot.position.end_offset, snapshot.position.epoch);
  auto delta = metadata::difference(*newest_, *image);
  advance(std::move(delta), std::move(image));
}

void ZookeeperMetadata::take_change(const quorum::zookeeper::Change& change) {
  metadata::ImageBuilder builder(newest_);
  if (auto done = replay(change.records, builder); !done) return fail_for_good(done.error());
  auto image = builder.build(change.end.end_offset, change.end.epoch);
  advance(builder.delta(), std::move(image));
}

void ZookeeperMetadata::advance(metadata::ImageDelta delta,
                                std::shared_ptr<const ClusterImage> image) {
  newest_ = image;
  decided_.publish(image);
  if (is_lead_open_) hooks_.on_decided(delta, *image);
  if (stage_ == Stage::kEarly) {
    hooks_.on_early_image(*image);
    image_.publish(image);
  } else {
    follow_later(
        [this, delta = std::move(delta), image = std::move(image)] { apply(delta, image); });
  }
  if (awaited_ && awaited_(*newest_)) {
    awaited_ = {};
    std::exchange(on_awaited_, {})();
  }
}

void ZookeeperMetadata::follow_later(env::Task task) {
  if (stage_ == Stage::kFollowing) {
    followers_.submit(std::move(task));
  } else {
    held_.push_back(std::move(task));
  }
}

void ZookeeperMetadata::begin_lead(const quorum::zookeeper::Lead& lead,
                                   const std::vector<base::SharedBytes>& broken_off) {
  lead_ = lead;
  is_lead_open_ = false;
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_front(broken_off.empty() ? opening_job(lead) : take_back_job(lead, broken_off));
    if (std::exchange(is_busy_, true)) return;
  }
  next();
}

ZookeeperMetadata::Job ZookeeperMetadata::take_back_job(const quorum::zookeeper::Lead& lead,
                                                        std::vector<base::SharedBytes> broken_off) {
  Job job;
  job.waits_for_followers = false;
  job.opens_lead = true;
  job.broken_off = broken_off;
  job.done = [this, lead, broken_off = std::move(broken_off)](const base::Result<>& done) {
    if (lead_ != lead) return;
    if (!done) return begin_again(lead, broken_off);
    begin_lead(lead, {});
  };
  return job;
}

ZookeeperMetadata::Job ZookeeperMetadata::opening_job(const quorum::zookeeper::Lead& lead) {
  Job job;
  job.waits_for_followers = false;
  job.opens_lead = true;
  job.decide = [this](const ClusterImage& image) {
    const bool begins = image.features.empty() && first_records_;
    return begins ? *first_records_ : std::vector<MetadataRecord>();
  };
  job.done = [this, lead](const base::Result<>& committed) {
    if (lead_ != lead) return;
    if (!committed) return begin_again(lead, {});
    is_lead_open_ = true;
    hooks_.on_elected(*newest_, lead.epoch);
  };
  return job;
}

void ZookeeperMetadata::begin_again(const quorum::zookeeper::Lead& lead,
                                    std::vector<base::SharedBytes> broken_off) {
  world_.loop(0).run_after(kBeginAgain, [this, lead, broken_off = std::move(broken_off)] {
    queue_.submit([this, lead, broken_off] {
      if (lead_ == lead) begin_lead(lead, broken_off);
    });
  });
}

void ZookeeperMetadata::submit(Decide decide, Done done) {
  enqueue({.decide = std::move(decide), .done = std::move(done)});
}

void ZookeeperMetadata::decide(Decide decide, Done done) {
  enqueue({.decide = std::move(decide), .done = std::move(done), .waits_for_followers = false});
}

void ZookeeperMetadata::enqueue(Job job) {
  {
    std::unique_lock lock(mutex_);
    if (is_stopped_ || waiting_.size() >= kMaxWaiting) {
      lock.unlock();
      job.done(
          base::fail(ErrorCode::kNotController, "the controller stops, or has too much to do"));
      return;
    }
    waiting_.push_back(std::move(job));
    if (std::exchange(is_busy_, true)) return;
  }
  queue_.submit([this] { next(); });
}

void ZookeeperMetadata::next() {
  std::optional<Job> job;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) {
      is_busy_ = false;
      return;
    }
    job = std::move(waiting_.front());
    waiting_.pop_front();
  }
  run(std::move(*job));
}

void ZookeeperMetadata::run(Job job) {
  if (!lead_ || (!is_lead_open_ && !job.opens_lead)) {
    return finish(std::move(job), base::fail(ErrorCode::kNotController, kNotHere), false);
  }
  if (!job.broken_off.empty()) return take_back(std::move(job));
  const auto records = job.decide(*newest_);
  if (records.empty()) return finish(std::move(job), {}, false);
  commit(std::move(job), records);
}

// The lead must be the one under which this was decided: another one's image is another.
void ZookeeperMetadata::commit(Job job, const std::vector<MetadataRecord>& records) {
  metadata::ImageBuilder builder(newest_);
  for (const MetadataRecord& record : records) {
    if (auto done = builder.replay(record); !done) {
      return finish(std::move(job), base::fail(std::move(done)), false);
    }
  }
  const auto after = builder.build(newest_->end_offset, lead_->epoch);
  const std::int32_t epoch = lead_->epoch.value();
  auto view = view_writes(
      job.opens_lead ? metadata::render_view(*after, epoch)
                     : metadata::render_view_changes(*newest_, *after, builder.delta(), epoch));
  write(std::move(job), [this, encoded = encode_records(records),
                         view = std::move(view)](ZookeeperEngine::CommitHandler done) mutable {
    engine_->commit(encoded, std::move(view), world_.clock().wall(), std::move(done));
  });
}

void ZookeeperMetadata::take_back(Job job) {
  std::vector<metadata::ViewNode> nodes;
  auto records = decode_records(job.broken_off);
  auto rendered =
      records ? metadata::render_taken_back(newest_, std::move(*records), lead_->epoch.value())
              : base::fail(std::move(records));
  if (rendered) {
    nodes = std::move(*rendered);
  } else {
    base::log::error("controller", "what ZooKeeper shows of a change without an end stays: {}",
                     rendered.error().message);
  }
  write(std::move(job),
        [this, view = view_writes(nodes)](ZookeeperEngine::CommitHandler done) mutable {
          engine_->take_back(std::move(view), world_.clock().wall(), std::move(done));
        });
}

void ZookeeperMetadata::write(Job job, Write write) {
  world_.loop(0).post([this, lead = *lead_, write = std::move(write),
                       job = std::move(job)]() mutable {
    const auto settle = [this](Job settled, base::Result<> outcome, bool wants_snapshot) {
      queue_.submit([this, settled = std::move(settled), outcome = std::move(outcome),
                     wants_snapshot]() mutable {
        finish(std::move(settled), std::move(outcome), wants_snapshot);
      });
    };
    if (!engine_ || engine_->lead() != lead) {
      return settle(std::move(job), base::fail(ErrorCode::kNotController, kNotHere), false);
    }
    write([this, settle, job = std::move(job)](base::Result<quorum::Position> committed) mutable {
      base::Result<> outcome;
      if (!committed) outcome = base::fail(std::move(committed));
      const bool wants_snapshot = outcome && engine_->wants_snapshot();
      settle(std::move(job), std::move(outcome), wants_snapshot);
    });
  });
}

void ZookeeperMetadata::finish(Job job, base::Result<> committed, bool wants_snapshot) {
  if (!committed && committed.error().code != ErrorCode::kNotController) {
    base::log::error("controller", "a change could not be committed: {}",
                     committed.error().message);
  }
  // Before anybody is served here nobody can see that it is not followed yet.
  if (committed && job.waits_for_followers && stage_ == Stage::kFollowing) {
    follow_later([done = std::move(job.done)]() mutable { done({}); });
  } else {
    job.done(std::move(committed));
  }
  if (wants_snapshot) write_snapshot();
  queue_.submit([this] { next(); });
}

void ZookeeperMetadata::write_snapshot() {
  const auto image = newest_;
  world_.loop(0).post([this, position = quorum::Position{image->end_offset, image->epoch},
                       records = encode_records(metadata::snapshot_records(*image))] {
    // Asked again: another one may have begun since.
    if (!engine_ || !engine_->wants_snapshot()) return;
    engine_->write_snapshot(
        position, world_.clock().wall(), records, [](const base::Result<>& written) {
          if (written || written.error().code == ErrorCode::kNotController) {
            return;
          }
          base::log::error("controller", "the snapshot could not be written: {}",
                           written.error().message);
        });
  });
}

void ZookeeperMetadata::stop(Decide last, env::Task stopped) {
  std::deque<Job> refused;
  // Either what is begun ends, or, where ZooKeeper is away, it is not waited for. Of loop 0.
  const auto closing = std::make_shared<env::Task>(
      [this, stopped = std::move(stopped)]() mutable { engine_->close(std::move(stopped)); });
  const auto close_once = [closing] {
    if (auto task = std::exchange(*closing, {})) task();
  };
  Job ending;
  ending.decide = std::move(last);
  ending.waits_for_followers = false;
  ending.done = [this, close_once](const base::Result<>&) { world_.loop(0).post(close_once); };
  world_.loop(0).post([this, close_once] {
    world_.loop(0).run_after(is_reachable_ ? kStopGrace : env::Duration::zero(), close_once);
  });
  bool was_busy = false;
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
    refused.swap(waiting_);
    waiting_.push_back(std::move(ending));
    was_busy = std::exchange(is_busy_, true);
  }
  for (Job& job : refused) {
    job.done(base::fail(ErrorCode::kNotController, "the broker stops"));
  }
  if (!was_busy) queue_.submit([this] { next(); });
}

void ZookeeperMetadata::run_in_turn(env::Task task) {
  queue_.submit([this, task = std::move(task)]() mutable { follow_later(std::move(task)); });
}

void ZookeeperMetadata::remove_controller(const quorum::zookeeper::ControllerInfo& dead) {
  world_.loop(0).post([this, dead] {
    if (engine_) engine_->remove_controller(dead, [](bool) {});
  });
}

}  // namespace odradek::broker
