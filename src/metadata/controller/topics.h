// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "base/uuid.h"
#include "config/settings.h"
#include "machine/decision.h"
#include "metadata/cluster_image.h"
#include "metadata/record.h"
#include "wire/messages/create_partitions.h"
#include "wire/messages/create_topics.h"
#include "wire/messages/delete_topics.h"

// The controller's decisions on topics. Pure: the image in, records and the reply out.
namespace odradek::metadata {

// What the decisions need beside the image.
struct ControllerInputs {
  const config::Settings& settings;
  // Fresh random ids.
  std::function<base::Uuid()> new_id;
};

using CreateTopicsDecision = machine::Decision<MetadataRecord, wire::CreateTopicsResponse>;
using DeleteTopicsDecision = machine::Decision<MetadataRecord, wire::DeleteTopicsResponse>;
using CreatePartitionsDecision = machine::Decision<MetadataRecord, wire::CreatePartitionsResponse>;

// Each topic is decided by itself; one that may not be created gets Kafka's code and a sentence.
// With validate_only the reply is the same and there are no records.
CreateTopicsDecision create_topics(const ClusterImage& image, const ControllerInputs& inputs,
                                   const wire::CreateTopicsRequest& request);

// By name (versions below 6) or by name or id.
DeleteTopicsDecision delete_topics(const ClusterImage& image, const ControllerInputs& inputs,
                                   const wire::DeleteTopicsRequest& request, wire::Version version);

CreatePartitionsDecision create_partitions(const ClusterImage& image,
                                           const ControllerInputs& inputs,
                                           const wire::CreatePartitionsRequest& request);

}  // namespace odradek::metadata
