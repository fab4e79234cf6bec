// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/topic_partition.h"

// What kafka-transactions asks a cluster. Errors have the server's code and a sentence.
namespace odradek::cli {

class Admin;

struct TransactionListing {
  std::string id;
  base::BrokerId coordinator;
  std::int64_t producer_id = -1;
  std::string state;
};

struct TransactionDescription {
  base::BrokerId coordinator;
  std::int64_t producer_id = -1;
  std::int32_t producer_epoch = -1;
  std::string state;
  std::int32_t timeout_ms = 0;
  std::optional<std::int64_t> start_time_ms;
  std::vector<base::TopicPartition> partitions;
};

struct ActiveProducer {
  std::int64_t producer_id = -1;
  std::int32_t producer_epoch = -1;
  std::int32_t coordinator_epoch = -1;
  std::int32_t last_sequence = -1;
  std::int64_t last_timestamp_ms = -1;
  std::optional<std::int64_t> transaction_start_offset;
};

struct TransactionFilter {
  std::vector<std::int64_t> producer_ids = {};  // empty: all
  std::int64_t duration_ms = -1;                // running longer; -1: all
  std::optional<std::string> id_pattern = std::nullopt;
};

// Of every coordinator; in the order of brokers.
[[nodiscard]] base::Result<std::vector<TransactionListing>> list_transactions(
    Admin& admin, const TransactionFilter& filter);
[[nodiscard]] base::Result<TransactionDescription> describe_transaction(Admin& admin,
                                                                        const std::string& id);
// Of the replica on `broker`, else of the leader.
[[nodiscard]] base::Result<std::vector<ActiveProducer>> describe_producers(
    Admin& admin, const base::TopicPartition& partition, std::optional<base::BrokerId> broker);

struct TransactionToAbort {
  base::TopicPartition partition;
  std::int64_t producer_id = -1;
  std::int16_t producer_epoch = -1;
  std::int32_t coordinator_epoch = 0;
};
// Has the partition's leader write the abort marker.
[[nodiscard]] base::Result<> abort_transaction(Admin& admin, const TransactionToAbort& transaction);
// Fences the producer, whose transaction is aborted then.
[[nodiscard]] base::Result<> force_terminate(Admin& admin, const std::string& id);

}  // namespace odradek::cli
