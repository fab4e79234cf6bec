// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"
#include "metadata/cluster_image.h"
#include "metadata/record.h"

// What eligible leader replicas (KIP-966) ask of min.insync.replicas: who left the in-sync set may
// lead again without loss only where nobody acknowledges alone below the number by which the
// controller judged it. One number therefore holds for the whole cluster, and the metadata has it.
// Pure.
namespace odradek::metadata {

inline constexpr std::string_view kMinInSyncReplicas = "min.insync.replicas";

// Whether the cluster keeps them (eligible.leader.replicas.version).
bool has_eligible_replicas(const ClusterImage& image);

// The cluster's min.insync.replicas; null where the metadata has none.
const std::string* cluster_min_in_sync(const ClusterImage& image);

// Makes one number hold: where the cluster keeps eligible replicas, and the metadata has no
// min.insync.replicas for all brokers, that of the controller's file becomes it; brokers' own ones
// go. What was eligible under other numbers no longer is. Nothing where that is so already.
std::vector<MetadataRecord> settle_min_in_sync(const ClusterImage& image,
                                               const config::Settings& file);

// Nobody is eligible any more in the topic's partitions, or in all where `topic` is empty. A
// partition without a leader keeps them: nothing is committed while it has none, whatever the
// minimum, and they are who it waits for.
void clear_eligible_replicas(const ClusterImage& image, const std::string& topic,
                             std::vector<MetadataRecord>& records);

}  // namespace odradek::metadata
