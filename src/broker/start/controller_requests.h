// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "base/ids.h"
#include "broker/cluster/cluster_member.h"
#include "broker/cluster/controller_calls.h"
#include "broker/runtime/directory_assignments.h"
#include "broker/runtime/metadata_runtime.h"
#include "broker/runtime/producer_ids.h"

// What parts of a broker ask the controller for: decided here where the node is on its own, asked
// of the active controller in a cluster. All references outlive what is made.
namespace odradek::broker {

ProducerIds::RequestBlock request_block_here(MetadataRuntime& runtime, base::BrokerId node);
ProducerIds::RequestBlock request_block_from(ControllerCalls& controller, ClusterMember& member,
                                             base::BrokerId node);

DirectoryAssignments::Assign assign_here(MetadataRuntime& runtime, base::BrokerId node);
// The epoch in which this broker is registered, at the time of each request.
using BrokerEpoch = std::function<std::int64_t()>;
DirectoryAssignments::Assign assign_through(ControllerCalls& controller, BrokerEpoch broker_epoch,
                                            base::BrokerId node);

}  // namespace odradek::broker
