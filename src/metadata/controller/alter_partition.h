// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "metadata/controller/broker_change.h"
#include "wire/messages/allocate_producer_ids.h"
#include "wire/messages/alter_partition.h"

// What brokers ask of the controller for the partitions that they lead (KIP-497, 841, 903) and for
// the producers that they serve (KIP-730). Pure.
namespace odradek::metadata {

using AlterPartitionDecision = CausedDecision<wire::AlterPartitionResponse>;

// A leader's in-sync sets: brokers that are registered in the epoch that the leader saw (-1: it saw
// none), neither fenced nor shutting down, with the directory of their replica, itself among them.
// Each partition is decided by itself and answered with what it will be:
//
//   STALE_BROKER_EPOCH      of the whole request: the leader is another process by now
//   UNKNOWN_TOPIC_ID, UNKNOWN_TOPIC_OR_PARTITION
//   NOT_CONTROLLER          the leader knows more than this controller does
//   FENCED_LEADER_EPOCH     it led in an older epoch
//   INVALID_UPDATE_VERSION  the partition has changed since the leader looked
//   INELIGIBLE_REPLICA      one of them may not be in sync
//   INVALID_REQUEST         a set that cannot be: not the leader, strangers, itself left out,
//   several
//                           while it recovers from an unclean election
//   NEW_LEADER_ELECTED      done; it completed a reassignment, and somebody else leads now
//
// Names of topics (versions below 2) are not looked up.
AlterPartitionDecision alter_partition(const ControllerView& view,
                                       const wire::AlterPartitionRequest& request,
                                       wire::Version version);

using AllocateProducerIdsDecision = CausedDecision<wire::AllocateProducerIdsResponse>;

// The next block of producer ids, for the broker alone. STALE_BROKER_EPOCH; UNKNOWN_SERVER_ERROR
// when all ids are used up.
AllocateProducerIdsDecision allocate_producer_ids(const ClusterImage& image,
                                                  const wire::AllocateProducerIdsRequest& request);

}  // namespace odradek::metadata
