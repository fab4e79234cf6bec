// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "base/uuid.h"
#include "config/settings.h"
#include "metadata/cluster_image.h"
#include "metadata/controller/events.h"

// What becomes of partitions when a broker comes, goes, or loses a disk. Pure: the image in,
// records and their causes out. A topic with unclean.leader.election.enable takes any live replica
// where nobody else may lead.
namespace odradek::metadata {

// The image and the settings in force on the controller.
struct ControllerView {
  const ClusterImage& image;
  const config::Settings& settings;
};

// The broker leaves every in-sync set, what it leads goes to others, and it is fenced. It stays
// eligible to lead where that is said of it (KIP-966). Nothing of a broker that is fenced or not
// registered.
Changes fence_broker(const ControllerView& view, base::BrokerId broker, const Cause& cause);

// The broker serves: what has no leader and waits for it gets it.
Changes unfence_broker(const ControllerView& view, base::BrokerId broker, const Cause& cause);

// The broker shuts down: it leaves the in-sync sets and hands over what it leads, what it leads
// first, at most `max_partitions` of them a time, so that the first do not wait for the last.
inline constexpr std::size_t kShutdownBatch = 1000;
Changes shut_down_broker(const ControllerView& view, base::BrokerId broker,
                         std::size_t max_partitions = kShutdownBatch);
// Whether it leads any partition.
bool leads_anything(const ClusterImage& image, base::BrokerId broker);

// The broker is forgotten: as fenced, and its registration goes. REQUIRES: it is registered.
Changes forget_broker(const ControllerView& view, base::BrokerId broker);

enum class Restart : std::uint8_t {
  kClean,  // it had stopped in order, or was fenced in its place
  kCrash,  // what it held in memory is gone: topics with write.caching=true may miss records
};
// The broker comes back as another process, with these directories. Where the directory of a
// replica is not among them its log is gone: it is neither in sync nor eligible nor the last known
// leader, and it lies in the broker's one directory, or in one that the broker will choose. A
// replica whose directory nobody wrote down counts as gone unless the directories are the very
// same.
Changes broker_came_back(const ControllerView& view, base::BrokerId broker, Restart restart,
                         const std::vector<base::Uuid>& directories, const Cause& cause);

// These directories of the broker failed: their replicas are in sync no longer and lead nothing. A
// replica whose directory nobody wrote down may have been in one of them: it counts as lost until
// the broker says where it lies. Nothing where the broker has none of the directories.
Changes fail_directories(const ControllerView& view, base::BrokerId broker,
                         const std::vector<base::Uuid>& failed);

}  // namespace odradek::metadata
