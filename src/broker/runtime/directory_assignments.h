// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "broker/services.h"
#include "env/world.h"
#include "log/log_manager.h"
#include "metadata/cluster_image.h"
#include "metadata/controller/directories.h"
#include "metadata/image_builder.h"

namespace odradek::broker {

// Keeps what the metadata says of where this broker's replicas lie in step with where they do: of
// new partitions, where there are several directories to choose from, and of those that moved. What
// was not noted is said again a second later, until it is. Threads: any.
class DirectoryAssignments : public std::enable_shared_from_this<DirectoryAssignments> {
 public:
  using Done = std::move_only_function<void(base::Result<>)>;
  // Has the controller note them; any thread. An error where one of them was not noted.
  using Assign = std::function<void(std::vector<metadata::DirectoryAssignment>, Done)>;

  // All that is referred to outlives stop().
  DirectoryAssignments(env::World& world, base::BrokerId node, log::LogManager& logs,
                       const ImageHolder& image, Assign assign)
      : world_(world), node_(node), logs_(logs), image_(image), assign_(std::move(assign)) {}

  // Of every partition: once the metadata can be changed, for a move may have ended before; and by
  // itself when this broker has registered anew.
  void check_all(const metadata::ClusterImage& image);
  // Of those that a change is about.
  void follow(const metadata::ImageDelta& delta, const metadata::ClusterImage& image);
  // Of one that moved.
  void note_move(const log::Log& log);
  // Nothing is said any more.
  void stop();

 private:
  void collect(const metadata::TopicImage& topic,
               std::vector<metadata::DirectoryAssignment>& differing) const;
  bool has_registered_anew(const metadata::ClusterImage& image);
  void submit(std::vector<metadata::DirectoryAssignment> assignments);
  void answered(const base::Result<>& noted);
  void look_again_later();
  void look_again();

  env::World& world_;
  const base::BrokerId node_;
  log::LogManager& logs_;
  const ImageHolder& image_;
  const Assign assign_;

  // Held by what the timer does, so that stop() can wait for it.
  std::mutex timer_mutex_;
  std::mutex mutex_;
  std::optional<std::int64_t> broker_epoch_;
  bool is_refused_ = false;  // the last answer was no; the server's log has it once
  bool is_armed_ = false;
  bool stopped_ = false;
};

}  // namespace odradek::broker
