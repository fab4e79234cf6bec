// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "log/log_manager.h"
#include "metadata/cluster_image.h"
#include "metadata/controller/directories.h"
#include "metadata/image_builder.h"

namespace odradek::broker {

// Keeps what the metadata says of where this broker's replicas lie in step with where they do: of
// new partitions, where there are several directories to choose from, and of those that moved.
// Threads: any.
class DirectoryAssignments {
 public:
  using Done = std::move_only_function<void(base::Result<>)>;
  // Has the controller note them; any thread.
  using Assign = std::function<void(std::vector<metadata::DirectoryAssignment>, Done)>;

  DirectoryAssignments(base::BrokerId node, log::LogManager& logs, Assign assign)
      : node_(node), logs_(logs), assign_(std::move(assign)) {}

  // At start, once the metadata can be changed: of every partition; moves that ended before are
  // among them.
  void check_all(const metadata::ClusterImage& image);
  // Of those that a change is about.
  void follow(const metadata::ImageDelta& delta, const metadata::ClusterImage& image);
  // Of one that moved.
  void note_move(const log::Log& log);

 private:
  void collect(const metadata::TopicImage& topic,
               std::vector<metadata::DirectoryAssignment>& differing) const;
  void submit(std::vector<metadata::DirectoryAssignment> assignments);

  const base::BrokerId node_;
  log::LogManager& logs_;
  const Assign assign_;
  std::atomic<bool> is_started_ = false;
};

}  // namespace odradek::broker
