// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "broker/request.h"
#include "broker/services.h"

// The APIs that this server has, in the order of their keys: X(function suffix, message name). For
// each, `handle_<suffix>` is defined in <suffix>.cc and answers exactly once, now or later.
#define ODRADEK_APIS(X)                                            \
  X(produce, Produce)                                              \
  X(fetch, Fetch)                                                  \
  X(list_offsets, ListOffsets)                                     \
  X(metadata, Metadata)                                            \
  X(offset_commit, OffsetCommit)                                   \
  X(offset_fetch, OffsetFetch)                                     \
  X(find_coordinator, FindCoordinator)                             \
  X(join_group, JoinGroup)                                         \
  X(heartbeat, Heartbeat)                                          \
  X(leave_group, LeaveGroup)                                       \
  X(sync_group, SyncGroup)                                         \
  X(describe_groups, DescribeGroups)                               \
  X(list_groups, ListGroups)                                       \
  X(api_versions, ApiVersions)                                     \
  X(create_topics, CreateTopics)                                   \
  X(delete_topics, DeleteTopics)                                   \
  X(delete_records, DeleteRecords)                                 \
  X(init_producer_id, InitProducerId)                              \
  X(offset_for_leader_epoch, OffsetForLeaderEpoch)                 \
  X(describe_acls, DescribeAcls)                                   \
  X(create_acls, CreateAcls)                                       \
  X(delete_acls, DeleteAcls)                                       \
  X(describe_configs, DescribeConfigs)                             \
  X(alter_configs, AlterConfigs)                                   \
  X(alter_replica_log_dirs, AlterReplicaLogDirs)                   \
  X(describe_log_dirs, DescribeLogDirs)                            \
  X(create_partitions, CreatePartitions)                           \
  X(create_delegation_token, CreateDelegationToken)                \
  X(renew_delegation_token, RenewDelegationToken)                  \
  X(expire_delegation_token, ExpireDelegationToken)                \
  X(describe_delegation_token, DescribeDelegationToken)            \
  X(delete_groups, DeleteGroups)                                   \
  X(elect_leaders, ElectLeaders)                                   \
  X(incremental_alter_configs, IncrementalAlterConfigs)            \
  X(alter_partition_reassignments, AlterPartitionReassignments)    \
  X(list_partition_reassignments, ListPartitionReassignments)      \
  X(offset_delete, OffsetDelete)                                   \
  X(describe_client_quotas, DescribeClientQuotas)                  \
  X(alter_client_quotas, AlterClientQuotas)                        \
  X(describe_user_scram_credentials, DescribeUserScramCredentials) \
  X(alter_user_scram_credentials, AlterUserScramCredentials)       \
  X(describe_quorum, DescribeQuorum)                               \
  X(update_features, UpdateFeatures)                               \
  X(describe_cluster, DescribeCluster)                             \
  X(describe_producers, DescribeProducers)                         \
  X(unregister_broker, UnregisterBroker)                           \
  X(describe_transactions, DescribeTransactions)                   \
  X(list_transactions, ListTransactions)                           \
  X(get_telemetry_subscriptions, GetTelemetrySubscriptions)        \
  X(push_telemetry, PushTelemetry)                                 \
  X(list_config_resources, ListConfigResources)                    \
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
