// SPDX-License-Identifier: Apache-2.0
#include "sim/mover.h"

#include <utility>

#include "wire/messages/alter_partition_reassignments.h"

namespace odradek::sim_test {

using std::chrono::milliseconds;
using std::chrono::seconds;

Task<base::ErrorCode> ask_to_move(Router& router, base::TopicPartition partition,
                                  std::vector<base::BrokerId> replicas) {
  wire::AlterPartitionReassignmentsRequest request;
  request.timeout_ms = 10000;
  auto& topic = request.topics.emplace_back();
  topic.name = partition.topic;
  auto& wanted = topic.partitions.emplace_back();
  wanted.partition_index = partition.partition;
  if (replicas.empty()) {
    wanted.replicas = std::nullopt;
  } else {
    wanted.replicas = std::move(replicas);
  }
  auto response = co_await router.any().call<wire::AlterPartitionReassignmentsResponse>(
      std::move(request), router.any_version<wire::AlterPartitionReassignmentsRequest>());
  auto code = response ? response->error_code : response.error().code;
  if (code == base::ErrorCode::kNone) {
    code = response->responses.at(0).partitions.at(0).error_code;
  }
  if (code != base::ErrorCode::kNone) router.any_failed();
  co_return code;
}

Detached move(Router& router, base::TopicPartition partition, std::vector<base::BrokerId> replicas,
              const bool& is_over, bool& is_done) {
  while (!is_over) {
    auto wanted = replicas;
    const auto code = co_await ask_to_move(router, partition, std::move(wanted));
    if (code == base::ErrorCode::kNone) break;
    if (code == base::ErrorCode::kNoReassignmentInProgress) break;
    co_await router.pause();
  }
  is_done = true;
}

Mover::Mover(env::sim::SimHost& host, const Router::Brokers& brokers, std::vector<TopicView> topics)
    : router_(host, brokers, "mover"), topics_(std::move(topics)) {
  for (const auto& [broker, address] : brokers) brokers_.push_back(broker);
}

std::vector<base::BrokerId> Mover::draw_replicas(std::int16_t count) {
  std::vector<base::BrokerId> drawn = brokers_;
  for (std::size_t i = drawn.size(); i > 1; --i) {
    std::swap(drawn[i - 1], drawn[router_.random().below(i)]);
  }
  drawn.resize(static_cast<std::size_t>(count));
  return drawn;
}

Detached Mover::run() {
  while (!is_stopping_) {
    co_await router_.pause(router_.random().between(milliseconds(100), seconds(6)));
    if (is_resting_ || is_stopping_) continue;
    const TopicView topic = topics_[router_.random().below(topics_.size())];
    const auto number = router_.random().below(static_cast<std::uint64_t>(topic.partitions));
    const base::TopicPartition partition{topic.name, static_cast<std::int32_t>(number)};
    auto replicas = draw_replicas(topic.replication_factor);
    const auto begun = co_await ask_to_move(router_, partition, std::move(replicas));
    if (begun != base::ErrorCode::kNone) continue;
    ++moves_;
    if (!router_.random().chance(0.3)) continue;
    co_await router_.pause(router_.random().between(milliseconds(0), milliseconds(300)));
    std::vector<base::BrokerId> none;
    co_await ask_to_move(router_, partition, std::move(none));
  }
  router_.close();
  is_done_ = true;
}

}  // namespace odradek::sim_test
