// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "cli/kafka/library.h"

namespace odradek::cli {

struct PartitionListDelete {
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rdkafka().topic_partition_list_destroy(list);
  }
};
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, PartitionListDelete>;

PartitionList make_partition_list();

struct RdMessageDelete {
  void operator()(rd_kafka_message_t* message) const { rdkafka().message_destroy(message); }
};
using RdMessage = std::unique_ptr<rd_kafka_message_t, RdMessageDelete>;

// What a rebalance callback has to do: take the partitions, or give them back, all or only these as
// the group's protocol is. Whether they came.
bool follow_rebalance(rd_kafka_t* consumer, rd_kafka_resp_err_t what,
                      rd_kafka_topic_partition_list_t* partitions);
bool is_cooperative(rd_kafka_t* consumer);

}  // namespace odradek::cli
