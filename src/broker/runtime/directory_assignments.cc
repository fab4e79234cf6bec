// SPDX-License-Identifier: Apache-2.0
#include "broker/runtime/directory_assignments.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "log/directory/log_directory.h"

namespace odradek::broker {
namespace {

constexpr auto kAgainAfter = std::chrono::seconds(1);

base::Uuid directory_id(const log::Log& log) {
  const auto& identity = log.directory().identity();
  return identity ? identity->directory_id : base::Uuid();
}

}  // namespace

void DirectoryAssignments::check_all(const metadata::ClusterImage& image) {
  std::vector<metadata::DirectoryAssignment> differing;
  image.topics_by_id.for_each(
      [&](const base::TopicId&, const auto& topic) { collect(*topic, differing); });
  submit(std::move(differing));
}

void DirectoryAssignments::follow(const metadata::ImageDelta& delta,
                                  const metadata::ClusterImage& image) {
  if (delta.brokers_changed && has_registered_anew(image)) return check_all(image);
  std::vector<metadata::DirectoryAssignment> differing;
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
  submit({{log.topic_id(), log.name().partition, directory_id(log)}});
}

void DirectoryAssignments::stop() {
  const std::lock_guard no_timer(timer_mutex_);
  const std::lock_guard lock(mutex_);
  stopped_ = true;
}

void DirectoryAssignments::collect(const metadata::TopicImage& topic,
                                   std::vector<metadata::DirectoryAssignment>& differing) const {
  for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
    const metadata::PartitionImage& partition = topic.partitions[i];
    const auto replica = std::ranges::find(partition.replicas, node_);
    if (replica == partition.replicas.end()) continue;
    const auto log = logs_.get({topic.name, static_cast<std::int32_t>(i)});
    if (log == nullptr || log->topic_id() != topic.id) continue;
    const base::Uuid id = directory_id(*log);
    const auto& known =
        partition.directories[static_cast<std::size_t>(replica - partition.replicas.begin())];
    if (id.is_zero() || known == id) continue;
    differing.push_back({topic.id, static_cast<std::int32_t>(i), id});
  }
}

void DirectoryAssignments::submit(std::vector<metadata::DirectoryAssignment> assignments) {
  if (assignments.empty()) return;
  assign_(std::move(assignments), [weak = weak_from_this()](const base::Result<>& noted) {
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
  if (!noted) look_again_later();
}

void DirectoryAssignments::look_again_later() {
  const std::lock_guard lock(mutex_);
  if (stopped_ || std::exchange(is_armed_, true)) return;
  world_.loop(0).run_after(kAgainAfter, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->look_again();
  });
}

void DirectoryAssignments::look_again() {
  const std::lock_guard no_stop(timer_mutex_);
  {
    const std::lock_guard lock(mutex_);
    is_armed_ = false;
    if (stopped_) return;
  }
  check_all(*image_.load());
}

}  // namespace odradek::broker
