// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "config/live_settings.h"
#include "machine/decision.h"
#include "metadata/cluster_image.h"
#include "metadata/record.h"
#include "wire/messages/alter_configs.h"
#include "wire/messages/incremental_alter_configs.h"

// The controller's decisions on configurations. Pure: the image in, records and the reply out.
namespace odradek::metadata {

// What the decisions need beside the image.
struct ConfigInputs {
  // Of the broker that decides: its own dynamic configuration is held against them.
  const config::SettingsLayers& settings;
  // The broker that was asked: it takes changes of its own configuration only. Nothing where
  // another one was, which has seen to that.
  std::optional<base::BrokerId> broker;
};

using AlterConfigsDecision = machine::Decision<MetadataRecord, wire::AlterConfigsResponse>;
using IncrementalAlterConfigsDecision =
    machine::Decision<MetadataRecord, wire::IncrementalAlterConfigsResponse>;

// Each resource is decided by itself, in the order of the request; a refused one gets Kafka's code
// and a sentence. With validate_only the reply is the same and there are no records. A new value is
// in force when its record is replayed.

// Puts a whole configuration in the place of what a resource has. Loggers are refused: they are
// changed one by one.
AlterConfigsDecision alter_configs(const ClusterImage& image, const ConfigInputs& inputs,
                                   const wire::AlterConfigsRequest& request);

// Sets, deletes, and appends to or subtracts from lists. A change of loggers is only checked: no
// record holds it, and whoever asked the decision carries it out (base::log::set_level).
IncrementalAlterConfigsDecision incremental_alter_configs(
    const ClusterImage& image, const ConfigInputs& inputs,
    const wire::IncrementalAlterConfigsRequest& request);

}  // namespace odradek::metadata
