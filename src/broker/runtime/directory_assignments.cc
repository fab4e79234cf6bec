// SPDX-License-Identifier: Apache-2.0
#include "broker/runtime/directory_assignments.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "log/directory/log_directory.h"

namespace odradek::broker {
namespace {

base::Uuid directory_id(const log::Log& log) {
  const auto& identity = log.directory().identity();
  return identity ? identity->directory_id : base::Uuid();
}

}  // namespace

void DirectoryAssignments::check_all(const metadata::ClusterImage& image) {
  is_started_ = true;
  std::vector<metadata::DirectoryAssignment> differing;
  image.topics_by_id.for_each(
      [&](const base::TopicId&, const auto& topic) { collect(*topic, differing); });
  submit(std::move(differing));
}

void DirectoryAssignments::follow(const metadata::ImageDelta& delta,
                                  const metadata::ClusterImage& image) {
  std::vector<metadata::DirectoryAssignment> differing;
  for (const base::TopicId& id : delta.changed_topics) {
    if (const auto& topic = image.find_topic(id)) collect(*topic, differing);
  }
  submit(std::move(differing));
}

void DirectoryAssignments::note_move(const log::Log& log) {
  if (!is_started_) return;
  submit({{log.topic_id(), log.name().partition, directory_id(log)}});
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
  assign_(std::move(assignments), [](const base::Result<>& committed) {
    if (committed) return;
    // The next start says it again.
    base::log::info("broker", "where replicas lie was not noted in the metadata: {}",
                    committed.error().message);
  });
}

}  // namespace odradek::broker
