// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/ids.h"
#include "base/result.h"
#include "config/live_settings.h"
#include "config/table.h"
#include "metadata/cluster_image.h"
#include "metadata/controller/config_change.h"

// What each type of resource demands of a change of its configuration.
namespace odradek::metadata {

// The table's row of a topic's or a broker's key; null when there is none, and of all others: Kafka
// appends to no list of theirs.
const config::Setting* find_setting(ConfigResourceType type, std::string_view key);

// Before the change is looked at: that the type is known, and a broker is the one that was asked,
// where that is known.
// For loggers, whose keys are names of loggers: all there is to check.
[[nodiscard]] base::Result<> check_resource(std::optional<base::BrokerId> asked,
                                            const ResourceChange& change);

// Whether the resource may have `next` as its whole configuration.
[[nodiscard]] base::Result<> check_values(const config::SettingsLayers& settings,
                                          const ResourceChange& change, const ConfigMap& next);

// UNKNOWN_TOPIC_OR_PARTITION for a topic that is not there.
[[nodiscard]] base::Result<> check_existence(const ClusterImage& image,
                                             const ResourceChange& change);

}  // namespace odradek::metadata
