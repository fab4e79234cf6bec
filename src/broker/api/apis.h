// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "broker/request.h"
#include "broker/services.h"

// The APIs that this server has, in the order of their keys: X(function suffix, message name,
// who answers it in a cluster, of AnsweredBy). For each, `handle_<suffix>` is defined in
// <suffix>.cc and answers exactly once, now or later.
#define ODRADEK_APIS(X)                                                        \
  X(produce, Produce, kAnyBroker)                                              \
  X(fetch, Fetch, kAnyBroker)                                                  \
  X(list_offsets, ListOffsets, kAnyBroker)                                     \
  X(metadata, Metadata, kAnyBroker)                                            \
  X(offset_commit, OffsetCommit, kAnyBroker)                                   \
  X(offset_fetch, OffsetFetch, kAnyBroker)                                     \
  X(find_coordinator, FindCoordinator, kAnyBroker)                             \
  X(join_group, JoinGroup, kAnyBroker)                                         \
  X(heartbeat, Heartbeat, kAnyBroker)                                          \
  X(leave_group, LeaveGroup, kAnyBroker)                                       \
  X(sync_group, SyncGroup, kAnyBroker)                                         \
  X(describe_groups, DescribeGroups, kAnyBroker)                               \
  X(list_groups, ListGroups, kAnyBroker)                                       \
  X(api_versions, ApiVersions, kAnyBroker)                                     \
  X(create_topics, CreateTopics, kController)                                  \
  X(delete_topics, DeleteTopics, kController)                                  \
  X(delete_records, DeleteRecords, kAnyBroker)                                 \
  X(init_producer_id, InitProducerId, kAnyBroker)                              \
  X(offset_for_leader_epoch, OffsetForLeaderEpoch, kAnyBroker)                 \
  X(describe_acls, DescribeAcls, kAnyBroker)                                   \
  X(create_acls, CreateAcls, kController)                                      \
  X(delete_acls, DeleteAcls, kController)                                      \
  X(describe_configs, DescribeConfigs, kAnyBroker)                             \
  X(alter_configs, AlterConfigs, kBoth)                                        \
  X(alter_replica_log_dirs, AlterReplicaLogDirs, kAnyBroker)                   \
  X(describe_log_dirs, DescribeLogDirs, kAnyBroker)                            \
  X(create_partitions, CreatePartitions, kController)                          \
  X(create_delegation_token, CreateDelegationToken, kController)               \
  X(renew_delegation_token, RenewDelegationToken, kController)                 \
  X(expire_delegation_token, ExpireDelegationToken, kController)               \
  X(describe_delegation_token, DescribeDelegationToken, kAnyBroker)            \
  X(delete_groups, DeleteGroups, kAnyBroker)                                   \
  X(elect_leaders, ElectLeaders, kController)                                  \
  X(incremental_alter_configs, IncrementalAlterConfigs, kBoth)                 \
  X(alter_partition_reassignments, AlterPartitionReassignments, kController)   \
  X(list_partition_reassignments, ListPartitionReassignments, kController)     \
  X(offset_delete, OffsetDelete, kAnyBroker)                                   \
  X(describe_client_quotas, DescribeClientQuotas, kAnyBroker)                  \
  X(alter_client_quotas, AlterClientQuotas, kController)                       \
  X(describe_user_scram_credentials, DescribeUserScramCredentials, kAnyBroker) \
  X(alter_user_scram_credentials, AlterUserScramCredentials, kController)      \
  X(describe_quorum, DescribeQuorum, kAnyBroker)                               \
  X(update_features, UpdateFeatures, kController)                              \
  X(describe_cluster, DescribeCluster, kAnyBroker)                             \
  X(describe_producers, DescribeProducers, kAnyBroker)                         \
  X(unregister_broker, UnregisterBroker, kController)                          \
  X(describe_transactions, DescribeTransactions, kAnyBroker)                   \
  X(list_transactions, ListTransactions, kAnyBroker)                           \
  X(get_telemetry_subscriptions, GetTelemetrySubscriptions, kAnyBroker)        \
  X(push_telemetry, PushTelemetry, kAnyBroker)                                 \
  X(list_config_resources, ListConfigResources, kAnyBroker)                    \
  X(describe_topic_partitions, DescribeTopicPartitions, kAnyBroker)

namespace odradek::wire {
#define ODRADEK_FORWARD(suffix, Name, answered_by) \
  struct Name##Request;                            \
  struct Name##Response;
ODRADEK_APIS(ODRADEK_FORWARD)
#undef ODRADEK_FORWARD
}  // namespace odradek::wire

namespace odradek::broker::api {
#define ODRADEK_DECLARE(suffix, Name, answered_by)                      \
  void handle_##suffix(Services& services, wire::Name##Request request, \
                       Responder<wire::Name##Response> responder);
ODRADEK_APIS(ODRADEK_DECLARE)
#undef ODRADEK_DECLARE
}  // namespace odradek::broker::api
