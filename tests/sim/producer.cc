// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>

#include "record/build.h"
#include "sim/workload.h"
#include "wire/messages/init_producer_id.h"
#include "wire/messages/produce.h"

namespace odradek::sim_test {

// Batches that are in flight together; `waiting` goes on when the last one is answered.
struct Producer::Window {
  std::size_t unanswered = 0;
  std::coroutine_handle<> waiting = nullptr;

  bool await_ready() const noexcept { return unanswered == 0; }
  void await_suspend(std::coroutine_handle<> handle) noexcept { waiting = handle; }
  void await_resume() const noexcept {}
  void answered() {
    if (--unanswered == 0 && waiting) waiting.resume();
  }
};

Producer::Producer(env::sim::SimHost& host, const Router::Brokers& brokers, History& history,
                   TopicView topic, ProducerOptions options)
    : router_(host, brokers, options.name),
      history_(history),
      topic_(std::move(topic)),
      options_(std::move(options)) {}

Task<bool> Producer::get_producer_id() {
  for (;;) {
    wire::InitProducerIdRequest request;
    request.transactional_id = std::nullopt;
    auto response = co_await router_.any().call<wire::InitProducerIdResponse>(
        request, router_.any_version<wire::InitProducerIdRequest>());
    if (!response) router_.any_failed();
    const auto code = response ? response->error_code : response.error().code;
    if (code == base::ErrorCode::kNone) {
      producer_id_ = response->producer_id;
      producer_epoch_ = response->producer_epoch;
      history_.producer_id_given(producer_id_);
      co_return true;
    }
    if (!base::is_retriable(code)) {
      history_.violation(
          fmt::format("{} got no producer id: {}", options_.name, base::error_name(code)));
      co_return false;
    }
    co_await router_.pause();
  }
}

std::vector<Producer::Batch> Producer::next_batches() {
  auto& random = router_.random();
  const auto partition =
      static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(topic_.partitions)));
  const int left = options_.batches - sent_batches_;
  // The first one of a partition goes alone: of a producer that it does not know a broker takes any
  // sequence, so that one sent behind a batch that was refused would shut that one out.
  const bool is_first = options_.is_idempotent && next_sequence_[partition] == 0;
  const int most = is_first ? 1 : std::min(left, options_.in_flight);
  const int count = static_cast<int>(random.between(1, static_cast<std::uint64_t>(most)));
  std::vector<Batch> batches(static_cast<std::size_t>(count));
  for (Batch& batch : batches) {
    batch.partition = {topic_.name, partition};
    const auto records = random.between(1, static_cast<std::uint64_t>(options_.records_per_batch));
    if (options_.is_idempotent) {
      batch.base_sequence = next_sequence_[partition];
      next_sequence_[partition] += static_cast<std::int32_t>(records);
    }
    for (std::uint64_t i = 0; i < records; ++i) {
      batch.values.push_back(fmt::format("{}/{}", options_.name, next_value_++));
      history_.sent(batch.partition, options_.name, batch.values.back(), options_.is_idempotent);
    }
  }
  sent_batches_ += count;
  return batches;
}

base::SharedBytes Producer::build(const Batch& batch) {
  record::BatchOptions options;
  options.producer_id = producer_id_;
  options.producer_epoch = producer_epoch_;
  options.base_sequence = batch.base_sequence;
  record::BatchBuilder builder(options);
  for (const std::string& value : batch.values) {
    builder.append(router_.now(), base::as_bytes(options_.name), base::as_bytes(value));
  }
  return builder.build();
}

Task<base::Result<base::Offset>> Producer::produce(Batch& batch, Router::Leader leader) {
  if (leader.client == nullptr) co_return base::fail(base::ErrorCode::kLeaderNotAvailable);
  ++batch.attempts;
  batch.sent_to = leader.broker;
  const auto version = router_.any_version<wire::ProduceRequest>();
  wire::ProduceRequest request;
  request.acks = -1;
  request.timeout_ms = 10000;
  auto& topic = request.topic_data.emplace_back();
  if (version >= 13) {
    topic.topic_id = topic_.id;
  } else {
    topic.name = topic_.name;
  }
  auto& partition = topic.partition_data.emplace_back();
  partition.index = batch.partition.partition;
  partition.records = build(batch);
  auto response = co_await leader.client->call<wire::ProduceResponse>(std::move(request), version);
  if (!response) {
    router_.leader_failed(batch.partition);
    co_return base::fail(std::move(response));
  }
  const auto& answer = response->responses.at(0).partition_responses.at(0);
  if (answer.error_code != base::ErrorCode::kNone) {
    router_.leader_failed(batch.partition);
    co_return base::fail(answer.error_code, answer.error_message.value_or(""));
  }
  co_return answer.base_offset;
}

void Producer::settle(Batch& batch, const base::Result<base::Offset>& result) {
  if (result) {
    batch.is_settled = true;
    for (std::size_t i = 0; i < batch.values.size(); ++i) {
      history_.acknowledged(batch.partition, *result + static_cast<std::int64_t>(i),
                            batch.values[i]);
    }
    // One sent again may have been appended by another leader than the one that says so.
    if (batch.attempts == 1) {
      history_.acknowledged_by(batch.partition, batch.values.front(), batch.sent_to);
    }
    return;
  }
  const auto code = result.error().code;
  batch.last_error = fmt::format("{} {}", base::error_name(code), result.error().message);
  // Kept, but too long ago to know where.
  if (code == base::ErrorCode::kDuplicateSequenceNumber) {
    batch.is_settled = true;
    for (const std::string& value : batch.values) {
      history_.acknowledged_somewhere(batch.partition, value);
    }
  }
  if (!options_.is_idempotent) batch.is_settled = true;
  // What was sent behind a batch that got lost is out of order until that one was sent again.
  const bool may_pass = base::is_retriable(code) || batch.is_settled ||
                        (code == base::ErrorCode::kOutOfOrderSequenceNumber);
  if (may_pass) return;
  batch.is_settled = true;
  history_.violation(fmt::format("{}: {} got {} {}", batch.partition.to_string(),
                                 batch.values.front(), base::error_name(code),
                                 result.error().message));
}

Detached Producer::send(Batch& batch, Router::Leader leader, Window& window) {
  const auto result = co_await produce(batch, leader);
  settle(batch, result);
  window.answered();
}

Detached Producer::run() {
  if (options_.is_idempotent && !co_await get_producer_id()) {
    is_done_ = true;
    co_return;
  }
  while (sent_batches_ < options_.batches) {
    std::vector<Batch> batches = next_batches();
    int attempts = 0;
    while (std::ranges::any_of(batches, [](const Batch& batch) { return !batch.is_settled; })) {
      if (++attempts > 1) co_await router_.pause();
      if (attempts > 2000) {
        for (const Batch& batch : batches) {
          history_.violation(fmt::format("{} cannot be produced to {}: {}", batch.values.front(),
                                         batch.partition.to_string(), batch.last_error));
        }
        break;
      }
      // All to the same one: none may overtake another by way of the next leader.
      const auto leader = co_await router_.leader_of(batches.front().partition);
      Window window;
      for (Batch& batch : batches) window.unanswered += batch.is_settled ? 0U : 1U;
      for (Batch& batch : batches) {
        if (!batch.is_settled) send(batch, leader, window);
      }
      co_await window;
    }
    co_await router_.pause(router_.random().between(env::Duration(0), options_.longest_pause));
  }
  router_.close();
  is_done_ = true;
}

}  // namespace odradek::sim_test
