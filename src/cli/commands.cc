// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "cli/acls/acls_command.h"
#include "cli/check_config_command.h"
#include "cli/client_metrics/client_metrics_command.h"
#include "cli/cluster/api_versions_command.h"
#include "cli/cluster/cluster_command.h"
#include "cli/command.h"
#include "cli/configs/configs_command.h"
#include "cli/consumer/consume_command.h"
#include "cli/delegation_tokens/delegation_tokens_command.h"
#include "cli/delete_records/delete_records_command.h"
#include "cli/dump_log/dump_log_command.h"
#include "cli/elect/elect_command.h"
#include "cli/features/features_command.h"
#include "cli/group_types/group_types_commands.h"
#include "cli/groups/groups_command.h"
#include "cli/guide/guide_commands.h"
#include "cli/log/log_command.h"
#include "cli/log_dirs/log_dirs_command.h"
#include "cli/metadata_shell/metadata_shell_command.h"
#include "cli/offsets/offsets_command.h"
#include "cli/perf/consume_perf_command.h"
#include "cli/perf/latency_command.h"
#include "cli/perf/produce_perf_command.h"
#include "cli/producer/produce_command.h"
#include "cli/quorum/quorum_command.h"
#include "cli/quotas/quotas_command.h"
#include "cli/reassign/reassign_command.h"
#include "cli/replica_verification/replica_verification_command.h"
#include "cli/run_class/run_class_command.h"
#include "cli/server_commands.h"
#include "cli/share/share_commands.h"
#include "cli/storage/storage_command.h"
#include "cli/streams_reset/streams_reset_command.h"
#include "cli/topics/topics_command.h"
#include "cli/transactions/transactions_command.h"
#include "cli/verifiable/verifiable_consumer_command.h"
#include "cli/verifiable/verifiable_producer_command.h"
#include "cli/why/why_command.h"

namespace odradek::cli {

std::span<const Command> commands() {
  // clang-format off: one a line.
  static const std::array kCommands = {
      server_command(),
      server_start_command(),
      server_stop_command(),
      topics_command(),
      produce_command(),
      consume_command(),
      groups_command(),
      dump_log_command(),
      log_command(),
      why_command(),
      configs_command(),
      check_config_command(),
      storage_command(),
      cluster_command(),
      api_versions_command(),
      features_command(),
      quorum_command(),
      acls_command(),
      delegation_tokens_command(),
      client_metrics_command(),
      quotas_command(),
      offsets_command(),
      delete_records_command(),
      log_dirs_command(),
      help_command(),
      man_command(),
      completion_command(),
      complete_command(),
      streams_reset_command(),
      share_consume_command(),
      produce_perf_command(),
      consume_perf_command(),
      share_consume_perf_command(),
      latency_command(),
      verifiable_producer_command(),
      verifiable_consumer_command(),
      verifiable_share_consumer_command(),
      all_groups_command(),
      share_groups_command(),
      streams_groups_command(),
      elect_command(),
      transactions_command(),
      metadata_shell_command(),
      reassign_command(),
      replica_verification_command(),
      preferred_election_command(),
      run_class_command(),
  };
  // clang-format on
  return kCommands;
}

}  // namespace odradek::cli
