// SPDX-License-Identifier: Apache-2.0
#include "sim/deleter.h"

#include <fmt/core.h>

#include <utility>

#include "sim/offsets.h"
#include "wire/messages/delete_records.h"

namespace odradek::sim_test {

using base::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::seconds;

Deleter::Deleter(env::sim::SimHost& host, const Router::Brokers& brokers, History& history,
                 std::vector<TopicView> topics)
    : router_(host, brokers, "deleter"), history_(history), topics_(std::move(topics)) {}

Task<base::Result<base::Offset>> Deleter::draw_place(base::TopicPartition partition) {
  const auto start = co_await find_start(router_, partition);
  if (!start) co_return base::fail(start.error());
  history_.start_shown(partition, *start);
  const auto end = co_await find_end(router_, partition);
  if (!end) co_return base::fail(end.error());
  if (*end <= *start) co_return *start;
  // Of what is there half at most, or all of it.
  const std::int64_t there = end->value() - start->value();
  const bool is_all = router_.random().chance(0.1);
  const auto gone = router_.random().below(static_cast<std::uint64_t>(there / 2 + 1));
  co_return is_all ? *end : *start + static_cast<std::int64_t>(gone);
}

Task<base::Result<base::Offset>> Deleter::ask_to_delete(base::TopicPartition partition,
                                                        base::Offset to) {
  const auto leader = co_await router_.leader_of(partition);
  if (leader.client == nullptr) co_return base::fail(ErrorCode::kLeaderNotAvailable);
  wire::DeleteRecordsRequest request;
  request.timeout_ms = 5000;
  auto& topic = request.topics.emplace_back();
  topic.name = partition.topic;
  topic.partitions.push_back({partition.partition, to});
  auto response = co_await leader.client->call<wire::DeleteRecordsResponse>(
      std::move(request), router_.any_version<wire::DeleteRecordsRequest>());
  if (!response) {
    router_.leader_failed(partition);
    co_return base::fail(std::move(response));
  }
  const auto& answer = response->topics.at(0).partitions.at(0);
  if (answer.error_code == ErrorCode::kNone) co_return answer.low_watermark;
  router_.leader_failed(partition);
  co_return base::fail(answer.error_code);
}

Detached Deleter::run() {
  while (!is_stopping_) {
    co_await router_.pause(router_.random().between(milliseconds(100), seconds(8)));
    const TopicView topic = topics_[router_.random().below(topics_.size())];
    const auto number = router_.random().below(static_cast<std::uint64_t>(topic.partitions));
    const base::TopicPartition partition{topic.name, static_cast<std::int32_t>(number)};
    const auto place = co_await draw_place(partition);
    if (!place || is_stopping_) continue;
    history_.deletion_asked(partition, *place);
    const auto deleted = co_await ask_to_delete(partition, *place);
    if (deleted && *deleted >= *place) {
      ++deletions_;
      continue;
    }
    // What the next leader does not know to be committed yet is none that it deletes.
    const auto code = deleted ? ErrorCode::kNone : deleted.error().code;
    if (!deleted && (base::is_retriable(code) || code == ErrorCode::kOffsetOutOfRange)) continue;
    history_.violation(fmt::format("{}: asked to delete what lies before {}: {}, low watermark {}",
                                   partition.to_string(), place->value(), base::error_name(code),
                                   deleted.value_or(base::kNoOffset).value()));
  }
  router_.close();
  is_done_ = true;
}

}  // namespace odradek::sim_test
