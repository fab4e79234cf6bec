// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "metadata/cluster_image.h"
#include "metadata/controller/broker_change.h"
#include "metadata/controller/events.h"
#include "wire/messages/alter_partition_reassignments.h"
#include "wire/messages/elect_leaders.h"
#include "wire/messages/list_partition_reassignments.h"

// The controller's decisions on who has and leads a partition. Pure: the image in, records and the
// reply out.
namespace odradek::metadata {

using ElectLeadersDecision = CausedDecision<wire::ElectLeadersResponse>;
using AlterReassignmentsDecision = CausedDecision<wire::AlterPartitionReassignmentsResponse>;

// Elects the preferred (first) replica, or, in an unclean election, any live one of a partition
// without a leader, one in sync or eligible before others. Of all partitions, where the request
// names none, only those are answered that needed an election. An election type that Kafka does not
// have is INVALID_REQUEST.
ElectLeadersDecision elect_leaders(const ControllerView& view,
                                   const wire::ElectLeadersRequest& request);

// Gives partitions other replicas, or (null replicas) takes a reassignment back. A target whose new
// replicas are all in sync is reached at once; any other one begins a reassignment, which the
// in-sync set completes (alter_partition). One that only an unclean election could take back is
// INVALID_REPLICA_ASSIGNMENT where those are not allowed.
AlterReassignmentsDecision alter_partition_reassignments(
    const ControllerView& view, const wire::AlterPartitionReassignmentsRequest& request);

// The reassignments that go on, of the topics asked for or of all.
wire::ListPartitionReassignmentsResponse list_partition_reassignments(
    const ClusterImage& image, const wire::ListPartitionReassignmentsRequest& request);

}  // namespace odradek::metadata
