// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "broker/request.h"
#include "broker/services.h"

// The APIs that this server has, in the order of their keys: X(function suffix, message name). For
// each, `handle_<suffix>` is defined in <suffix>.cc and answers exactly once, now or later.
#define ODRADEK_APIS(X)                            \
  X(produce, Produce)                              \
  X(fetch, Fetch)                                  \
  X(list_offsets, ListOffsets)                     \
  X(metadata, Metadata)                            \
  X(offset_commit, OffsetCommit)                   \
  X(offset_fetch, OffsetFetch)                     \
  X(find_coordinator, FindCoordinator)             \
  X(join_group, JoinGroup)                         \
  X(heartbeat, Heartbeat)                          \
  X(leave_group, LeaveGroup)                       \
  X(sync_group, SyncGroup)                         \
  X(describe_groups, DescribeGroups)               \
  X(list_groups, ListGroups)                       \
  X(api_versions, ApiVersions)                     \
  X(create_topics, CreateTopics)                   \
  X(delete_topics, DeleteTopics)                   \
  X(delete_records, DeleteRecords)                 \
  X(init_producer_id, InitProducerId)              \
  X(offset_for_leader_epoch, OffsetForLeaderEpoch) \
  X(describe_configs, DescribeConfigs)             \
  X(create_partitions, CreatePartitions)           \
  X(delete_groups, DeleteGroups)                   \
  X(offset_delete, OffsetDelete)                   \
  X(describe_cluster, DescribeCluster)             \
  X(describe_producers, DescribeProducers)         \
  X(describe_topic_partitions, DescribeTopicPartitions)

namespace odradek::wire {
#define ODRADEK_FORWARD(suffix, Name) \
  struct Name##Request;               \
  struct Name##Response;
ODRADEK_APIS(ODRADEK_FORWARD)
#undef ODRADEK_FORWARD
}  // namespace odradek::wire

namespace odradek::broker::api {
#define ODRADEK_DECLARE(suffix, Name)                                   \
  void handle_##suffix(Services& services, wire::Name##Request request, \
                       Responder<wire::Name##Response> responder);
ODRADEK_APIS(ODRADEK_DECLARE)
#undef ODRADEK_DECLARE
}  // namespace odradek::broker::api
