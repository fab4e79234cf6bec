// SPDX-License-Identifier: Apache-2.0
#include "cli/transactions/transaction_client.h"

#include <fmt/core.h>

#include "cli/admin/admin.h"
#include "cli/admin/cluster_topics.h"
#include "cli/admin/error_text.h"
#include "wire/messages/describe_producers.h"
#include "wire/messages/describe_transactions.h"
#include "wire/messages/init_producer_id.h"
#include "wire/messages/list_transactions.h"
#include "wire/messages/write_txn_markers.h"

namespace odradek::cli {
namespace {

using base::ErrorCode;

std::unexpected<base::Error> failed(ErrorCode code,
                                    const std::optional<std::string>& message = std::nullopt) {
  return base::fail(code, error_text(code, message));
}

base::Result<base::BrokerId> leader_of(Admin& admin, const base::TopicPartition& partition) {
  const auto topics = load_topics(admin, std::vector<std::string>{partition.topic});
  if (!topics) return base::fail(topics.error());
  const ClusterPartition* found = find_partition(*topics, partition);
  if (found == nullptr) return failed(ErrorCode::kUnknownTopicOrPartition);
  if (found->leader == base::kNoBroker) return failed(ErrorCode::kLeaderNotAvailable);
  return found->leader;
}

}  // namespace

base::Result<std::vector<TransactionListing>> list_transactions(Admin& admin,
                                                                const TransactionFilter& filter) {
  const auto cluster = admin.cluster();
  if (!cluster) return base::fail(cluster.error());
  std::vector<TransactionListing> listings;
  for (const auto& [broker, address] : (*cluster)->brokers) {
    wire::ListTransactionsRequest request;
    for (const std::int64_t id : filter.producer_ids) {
      request.producer_id_filters.push_back(base::ProducerId(id));
    }
    request.duration_filter = filter.duration_ms;
    request.transactional_id_pattern = filter.id_pattern;
    auto answer = admin.ask<wire::ListTransactionsResponse>(broker, std::move(request));
    if (!answer) return base::fail(std::move(answer));
    if (answer->error_code == ErrorCode::kInvalidRegularExpression) {
      return base::fail(answer->error_code,
                        fmt::format("ListTransactions request sent to broker {} failed with an "
                                    "unexpected exception",
                                    broker.value()));
    }
    if (answer->error_code != ErrorCode::kNone) return failed(answer->error_code);
    for (auto& state : answer->transaction_states) {
      listings.push_back({std::move(state.transactional_id), broker, state.producer_id.value(),
                          std::move(state.transaction_state)});
    }
  }
  return listings;
}

base::Result<TransactionDescription> describe_transaction(Admin& admin, const std::string& id) {
  const auto coordinator = admin.transaction_coordinator_of(id);
  if (!coordinator) return base::fail(coordinator.error());
  wire::DescribeTransactionsRequest request;
  request.transactional_ids = {id};
  auto answer = admin.ask<wire::DescribeTransactionsResponse>(*coordinator, std::move(request));
  if (!answer) return base::fail(std::move(answer));
  if (answer->transaction_states.empty()) return failed(ErrorCode::kTransactionalIdNotFound);
  auto& state = answer->transaction_states[0];
  if (state.error_code == ErrorCode::kTransactionalIdNotFound) {
    return base::fail(state.error_code,
                      fmt::format("DescribeTransactions request for transactionalId `{}` failed "
                                  "because the ID could not be found",
                                  id));
  }
  if (state.error_code != ErrorCode::kNone) return failed(state.error_code);
  TransactionDescription description{.coordinator = *coordinator,
                                     .producer_id = state.producer_id.value(),
                                     .producer_epoch = state.producer_epoch.value(),
                                     .state = std::move(state.transaction_state),
                                     .timeout_ms = state.transaction_timeout_ms,
                                     .start_time_ms = std::nullopt,
                                     .partitions = {}};
  if (state.transaction_start_time_ms >= 0) {
    description.start_time_ms = state.transaction_start_time_ms;
  }
  for (const auto& topic : state.topics) {
    for (const std::int32_t partition : topic.partitions) {
      description.partitions.push_back({topic.topic, partition});
    }
  }
  return description;
}

base::Result<std::vector<ActiveProducer>> describe_producers(Admin& admin,
                                                             const base::TopicPartition& partition,
                                                             std::optional<base::BrokerId> broker) {
  const auto where = broker ? base::Result<base::BrokerId>(*broker) : leader_of(admin, partition);
  if (!where) return base::fail(where.error());
  wire::DescribeProducersRequest request;
  request.topics.push_back({partition.topic, {partition.partition}});
  auto answer = admin.ask<wire::DescribeProducersResponse>(*where, std::move(request));
  if (!answer) return base::fail(std::move(answer));
  std::vector<ActiveProducer> producers;
  for (const auto& topic : answer->topics) {
    for (const auto& found : topic.partitions) {
      if (found.error_code != ErrorCode::kNone) {
        return failed(found.error_code, found.error_message);
      }
      for (const auto& state : found.active_producers) {
        ActiveProducer producer{state.producer_id.value(),    state.producer_epoch,
                                state.coordinator_epoch,      state.last_sequence,
                                state.last_timestamp.value(), std::nullopt};
        if (state.current_txn_start_offset.value() >= 0) {
          producer.transaction_start_offset = state.current_txn_start_offset.value();
        }
        producers.push_back(producer);
      }
    }
  }
  return producers;
}

base::Result<> abort_transaction(Admin& admin, const TransactionToAbort& transaction) {
  const auto leader = leader_of(admin, transaction.partition);
  if (!leader) return base::fail(leader.error());
  wire::WriteTxnMarkersRequest request;
  auto& marker = request.markers.emplace_back();
  marker.producer_id = base::ProducerId(transaction.producer_id);
  marker.producer_epoch = base::ProducerEpoch(transaction.producer_epoch);
  marker.coordinator_epoch = transaction.coordinator_epoch;
  marker.topics.push_back({transaction.partition.topic, {transaction.partition.partition}});
  auto answer = admin.ask<wire::WriteTxnMarkersResponse>(*leader, std::move(request));
  if (!answer) return base::fail(std::move(answer));
  for (const auto& result : answer->markers) {
    for (const auto& topic : result.topics) {
      for (const auto& partition : topic.partitions) {
        if (partition.error_code != ErrorCode::kNone) return failed(partition.error_code);
      }
    }
  }
  return {};
}

base::Result<> force_terminate(Admin& admin, const std::string& id) {
  const auto coordinator = admin.transaction_coordinator_of(id);
  if (!coordinator) return base::fail(coordinator.error());
  wire::InitProducerIdRequest request;
  request.transactional_id = id;
  // Nobody is to go on with it.
  request.transaction_timeout_ms = 1;
  auto answer = admin.ask<wire::InitProducerIdResponse>(*coordinator, std::move(request));
  if (!answer) return base::fail(std::move(answer));
  if (answer->error_code != ErrorCode::kNone) return failed(answer->error_code);
  return {};
}

}  // namespace odradek::cli
