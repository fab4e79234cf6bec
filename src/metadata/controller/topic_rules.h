// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "config/settings.h"
#include "metadata/cluster_image.h"

// What configuration says of a topic's elections.
namespace odradek::metadata {

struct TopicRules {
  // min.insync.replicas, but never more than the topic has replicas.
  std::size_t min_in_sync_replicas = 1;
  // unclean.leader.election.enable.
  bool may_elect_uncleanly = false;
  // The cluster keeps eligible leader replicas (KIP-966).
  bool has_eligible_replicas = false;
  // An acknowledged record is on the disk of every replica in sync (write.caching=false), so a
  // crash takes nothing that was committed as long as the disk is there.
  bool survives_crashes = true;
};

// `settings` are the controller's in force: the cluster's defaults are among them.
TopicRules rules_of(const ClusterImage& image, const config::Settings& settings,
                    const TopicImage& topic);

}  // namespace odradek::metadata
