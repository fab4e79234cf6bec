// SPDX-License-Identifier: Apache-2.0
#include "cli/kafka/assignment.h"

#include <string_view>

namespace odradek::cli {

PartitionList make_partition_list() { return PartitionList(rdkafka().topic_partition_list_new(8)); }

bool is_cooperative(rd_kafka_t* consumer) {
  return std::string_view(rdkafka().rebalance_protocol(consumer)) == "COOPERATIVE";
}

bool follow_rebalance(rd_kafka_t* consumer, rd_kafka_resp_err_t what,
                      rd_kafka_topic_partition_list_t* partitions) {
  const bool came = what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
  if (!is_cooperative(consumer)) {
    rdkafka().assign(consumer, came ? partitions : nullptr);
    return came;
  }
  rd_kafka_error_t* error = came ? rdkafka().incremental_assign(consumer, partitions)
                                 : rdkafka().incremental_unassign(consumer, partitions);
  if (error != nullptr) rdkafka().error_destroy(error);
  return came;
}

}  // namespace odradek::cli
