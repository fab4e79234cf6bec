// SPDX-License-Identifier: Apache-2.0
#include "sim/offsets.h"

#include <utility>

#include "wire/messages/list_offsets.h"

namespace odradek::sim_test {
namespace {

constexpr base::Timestamp kLatest{-1};
constexpr base::Timestamp kEarliest{-2};

Task<base::Result<base::Offset>> find(Router& router, base::TopicPartition partition,
                                      base::Timestamp which) {
  const auto leader = co_await router.leader_of(partition);
  if (leader.client == nullptr) co_return base::fail(base::ErrorCode::kLeaderNotAvailable);
  wire::ListOffsetsRequest request;
  request.replica_id = base::BrokerId(-1);
  auto& topic = request.topics.emplace_back();
  topic.name = partition.topic;
  auto& wanted = topic.partitions.emplace_back();
  wanted.partition_index = partition.partition;
  wanted.current_leader_epoch = leader.epoch;
  wanted.timestamp = which;
  auto response = co_await leader.client->call<wire::ListOffsetsResponse>(request, 5);
  auto code = response ? base::ErrorCode::kNone : response.error().code;
  if (response) code = response->topics.at(0).partitions.at(0).error_code;
  if (code != base::ErrorCode::kNone) {
    router.leader_failed(partition);
    co_return base::fail(code);
  }
  co_return response->topics.at(0).partitions.at(0).offset;
}

}  // namespace

Task<base::Result<base::Offset>> find_start(Router& router, base::TopicPartition partition) {
  return find(router, std::move(partition), kEarliest);
}

Task<base::Result<base::Offset>> find_end(Router& router, base::TopicPartition partition) {
  return find(router, std::move(partition), kLatest);
}

}  // namespace odradek::sim_test
