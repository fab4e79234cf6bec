// SPDX-License-Identifier: Apache-2.0
#include "broker/runtime/directory_assignments.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "log/directory/log_directory.h"
#include "replica/partition.h"
#include "replica/partition_set.h"

namespace odradek::broker {
namespace {

constexpr auto kAgainAfter = std::chrono::seconds(1);
// How soon it is looked whether a replica that is copied again has everything.
constexpr auto kRefilledSoon = std::chrono::milliseconds(100);

base::Uuid directory_id(const log::Log& log) {
  const auto& identity = log.directory().identity();
  return identity ? identity->directory_id : base::Uuid();
}

// Whether another replica has all that was committed.
bool has_other_holders(const metadata::PartitionImage& partition, base::BrokerId self) {
  const auto is_other = [self](base::BrokerId replica) { return replica != self; };
  return std::ranges::any_of(partition.in_sync_replicas, is_other) ||
         std::ranges::any_of(partition.eligible_leader_replicas, is_other);
}

}  // namespace

void DirectoryAssignments::check_all(const metadata::ClusterImage& image) {
  Differing differing;
  image.topics_by_id.for_each(
      [&](const base::TopicId&, const auto& topic) { collect(*topic, differing); });
  submit(std::move(differing));
}

void DirectoryAssignments::follow(const metadata::ImageDelta& delta,
                                  const metadata::ClusterImage& image) {
  if (delta.brokers_changed && has_registered_anew(image)) return check_all(image);
  Differing differing;
  for (const base::TopicId& id : delta.changed_topics) {
    if (const auto& topic = image.find_topic(id)) collect(*topic, differing);
  }
  submit(std::move(differing));
}

bool DirectoryAssignments::has_registered_anew(const metadata::ClusterImage& image) {
  const auto* self = image.find_broker(node_);
  if (self == nullptr) return false;
  const std::lock_guard lock(mutex_);
  return std::exchange(broker_epoch_, self->epoch) != self->epoch;
}

void DirectoryAssignments::note_move(const log::Log& log) {
  submit({{{log.topic_id(), log.name().partition, directory_id(log)}}});
}

void DirectoryAssignments::note_damage() { look_again_after({}); }

void DirectoryAssignments::stop() {
  const std::lock_guard no_timer(timer_mutex_);
  const std::lock_guard lock(mutex_);
  stopped_ = true;
}

void DirectoryAssignments::collect(const metadata::TopicImage& topic, Differing& differing) const {
  for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
    const metadata::PartitionImage& partition = topic.partitions[i];
    const auto replica = std::ranges::find(partition.replicas, node_);
    if (replica == partition.replicas.end()) continue;
    const auto log = logs_.get({topic.name, static_cast<std::int32_t>(i)});
    if (log == nullptr || log->topic_id() != topic.id) continue;
    const auto& known =
        partition.directories[static_cast<std::size_t>(replica - partition.replicas.begin())];
    if (const auto place = place_of(*log, partition, known, differing)) {
      differing.assignments.push_back({topic.id, static_cast<std::int32_t>(i), *place});
    }
  }
}

std::optional<base::Uuid> DirectoryAssignments::place_of(const log::Log& log,
                                                         const metadata::PartitionImage& partition,
                                                         const base::Uuid& known,
                                                         Differing& differing) const {
  const base::Uuid id = directory_id(log);
  const bool is_lost = known == base::kDirectoryLost;
  if (id.is_zero()) return std::nullopt;
  if (log.first_damaged_offset()) {
    if (is_lost) return std::nullopt;
    if (has_other_holders(partition, node_)) return base::kDirectoryLost;
  }
  const auto present = partitions_.find(log.topic_id(), log.name().partition);
  if (is_lost && present != nullptr && present->is_refilling()) {
    differing.is_refilling = true;
    return std::nullopt;
  }
  return known == id ? std::nullopt : std::optional(id);
}

void DirectoryAssignments::submit(Differing differing) {
  if (differing.is_refilling) look_again_after(kRefilledSoon);
  if (differing.assignments.empty()) return;
  assign_(std::move(differing.assignments), [weak = weak_from_this()](const base::Result<>& noted) {
    if (const auto self = weak.lock()) self->answered(noted);
  });
}

void DirectoryAssignments::answered(const base::Result<>& noted) {
  bool is_news = false;
  {
    const std::lock_guard lock(mutex_);
    is_news = !noted && !is_refused_;
    is_refused_ = !noted;
  }
  if (is_news) {
    base::log::info("broker",
                    "where replicas lie was not noted in the metadata, said again until it is: {}",
                    noted.error().message);
  }
  if (!noted) look_again_after(kAgainAfter);
}

// At the earlier of two times where two are asked for.
void DirectoryAssignments::look_again_after(env::Duration delay) {
  const std::lock_guard lock(mutex_);
  const env::MonotonicTime at = world_.clock().monotonic() + delay;
  if (stopped_ || at >= looks_at_) return;
  looks_at_ = at;
  world_.loop(0).run_after(delay, [weak = weak_from_this(), at] {
    if (const auto self = weak.lock()) self->look_again(at);
  });
}

void DirectoryAssignments::look_again(env::MonotonicTime at) {
  const std::lock_guard no_stop(timer_mutex_);
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || at != looks_at_) return;
    looks_at_ = env::MonotonicTime::max();
  }
  check_all(*image_.load());
}

}  // namespace odradek::broker
