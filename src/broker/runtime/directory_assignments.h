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

namespace odradek::replica {
class PartitionSet;
}

namespace odradek::broker {

// Keeps what the metadata says of where this broker's replicas lie in step with where they do: of
// new partitions, where there are several directories to choose from, and of those that moved. What
// was not noted is said again a second later, until it is.
//
// A replica that is damaged, where others have what it has, is said to lie in the lost directory:
// the controller counts on it no longer, and Replicas has it copied again. Where it lies is said
// again when it has everything that was committed. Threads: any.
class DirectoryAssignments : public std::enable_shared_from_this<DirectoryAssignments> {
 public:
  using Done = std::move_only_function<void(base::Result<>)>;
  // Has the controller note them; any thread. An error where one of them was not noted.
  using Assign = std::function<void(std::vector<metadata::DirectoryAssignment>, Done)>;

  // All that is referred to outlives stop().
  DirectoryAssignments(env::World& world, base::BrokerId node, log::LogManager& logs,
                       const replica::PartitionSet& partitions, const ImageHolder& image,
                       Assign assign)
      : world_(world),
        node_(node),
        logs_(logs),
        partitions_(partitions),
        image_(image),
        assign_(std::move(assign)) {}

  // Of every partition: once the metadata can be changed, for a move may have ended before; and by
  // itself when this broker has registered anew.
  void check_all(const metadata::ClusterImage& image);
  // Of those that a change is about.
  void follow(const metadata::ImageDelta& delta, const metadata::ClusterImage& image);
  // Of one that moved.
  void note_move(const log::Log& log);
  // Of one that was found to be damaged, in a moment: the caller may hold locks.
  void note_damage();
  // Nothing is said any more.
  void stop();

 private:
  struct Differing {
    std::vector<metadata::DirectoryAssignment> assignments;
    bool is_refilling = false;  // one is not to be said yet
  };
  void collect(const metadata::TopicImage& topic, Differing& differing) const;
  // What is to be said of the replica; nothing where the metadata has it already, or has to wait.
  std::optional<base::Uuid> place_of(const log::Log& log, const metadata::PartitionImage& partition,
                                     const base::Uuid& known, Differing& differing) const;
  bool has_registered_anew(const metadata::ClusterImage& image);
  void submit(Differing differing);
  void answered(const base::Result<>& noted);
  void look_again_after(env::Duration delay);
  void look_again(env::MonotonicTime at);

  env::World& world_;
  const base::BrokerId node_;
  log::LogManager& logs_;
  const replica::PartitionSet& partitions_;
  const ImageHolder& image_;
  const Assign assign_;

  // Held by what the timer does, so that stop() can wait for it.
  std::mutex timer_mutex_;
  std::mutex mutex_;
  std::optional<std::int64_t> broker_epoch_;
  bool is_refused_ = false;  // the last answer was no; the server's log has it once
  env::MonotonicTime looks_at_ = env::MonotonicTime::max();
  bool stopped_ = false;
};

}  // namespace odradek::broker
