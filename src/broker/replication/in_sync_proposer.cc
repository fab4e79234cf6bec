// SPDX-License-Identifier: Apache-2.0
#include "broker/replication/in_sync_proposer.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "replica/partition_set.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;
using replica::leader::InSyncAnswer;
using wire::AlterPartitionRequest;
using wire::AlterPartitionResponse;

constexpr std::string_view kArea = "replica";
constexpr auto kRetryAfter = std::chrono::milliseconds(50);

// What a proposal's answer says of it. One that was granted is in force when the metadata says so.
InSyncAnswer answer_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNone:
    case ErrorCode::kNewLeaderElected:
    case ErrorCode::kFencedLeaderEpoch:
    case ErrorCode::kInvalidUpdateVersion:
    case ErrorCode::kUnknownTopicId:
    case ErrorCode::kUnknownTopicOrPartition:
      return InSyncAnswer::kAwaitsMetadata;
    case ErrorCode::kIneligibleReplica:
    case ErrorCode::kInvalidRequest:
      return InSyncAnswer::kRefused;
    default:
      return InSyncAnswer::kUnknown;
  }
}

std::map<std::pair<base::TopicId, std::int32_t>, ErrorCode> codes_of(
    const AlterPartitionResponse& response) {
  std::map<std::pair<base::TopicId, std::int32_t>, ErrorCode> codes;
  for (const auto& topic : response.topics) {
    for (const auto& partition : topic.partitions) {
      codes[{topic.topic_id, partition.partition_index}] = partition.error_code;
    }
  }
  return codes;
}

}  // namespace

InSyncProposer::InSyncProposer(env::World& world, base::BrokerId self,
                               replica::PartitionSet& partitions, ControllerCalls* controller)
    : world_(world), self_(self), partitions_(partitions), controller_(controller) {}

void InSyncProposer::start(env::Duration max_lag) {
  set_max_lag(max_lag);
  if (controller_ != nullptr) look_through_later();
}

void InSyncProposer::set_max_lag(env::Duration max_lag) {
  const std::lock_guard lock(mutex_);
  max_lag_ = max_lag;
}

void InSyncProposer::set_broker_epoch(std::int64_t broker_epoch) {
  {
    const std::lock_guard lock(mutex_);
    broker_epoch_ = broker_epoch;
  }
  send_if_due();
}

void InSyncProposer::stop() {
  const std::lock_guard no_timer(timer_mutex_);
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  wanted_.clear();
  resting_.clear();
}

InSyncProposer::Counters InSyncProposer::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

void InSyncProposer::look_through_later() {
  env::Duration delay;
  {
    const std::lock_guard lock(mutex_);
    delay = std::max<env::Duration>(max_lag_ / 2, std::chrono::milliseconds(1));
  }
  world_.loop(0).run_after(delay, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->look_through();
  });
}

void InSyncProposer::look_through() {
  const std::lock_guard no_stop(timer_mutex_);
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
  }
  for (const auto& partition : partitions_.all()) consider(partition);
  look_through_later();
}

void InSyncProposer::consider(const std::shared_ptr<replica::Partition>& partition) {
  const Key key{partition->topic_id(), partition->name().partition};
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || controller_ == nullptr || resting_.contains(key)) return;
    const auto before = partition->assignment();
    auto proposal = before ? partition->propose_in_sync() : std::nullopt;
    if (!proposal) {
      asked_before_.erase(key);
      return;
    }
    const auto asked = asked_before_.find(key);
    const bool is_again =
        asked != asked_before_.end() && asked->second == proposal->partition_epoch;
    asked_before_.insert_or_assign(key, proposal->partition_epoch);
    wanted_.insert_or_assign(key, Wish{partition, partition->leader_epoch(), before->in_sync.size(),
                                       is_again, *std::move(proposal)});
  }
  send_if_due();
}

void InSyncProposer::send_if_due() {
  AlterPartitionRequest request;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || is_asking_ || wanted_.empty() || broker_epoch_ < 0) return;
    is_asking_ = true;
    request = request_locked();
    asked_ = std::exchange(wanted_, {});
    tell_locked();
  }
  // The handler keeps no partition: a call that nobody answers may outlive the logs.
  controller_->alter_partition(
      std::move(request),
      [weak = weak_from_this()](const base::Result<AlterPartitionResponse>& response) {
        if (const auto self = weak.lock()) self->answered(response);
      });
}

// Where many change at once, for one cause as a rule, the first stands for all.
void InSyncProposer::tell_locked() const {
  std::size_t others = 0;
  for (const auto& [key, wish] : asked_) others += wish.is_again ? 0 : 1;
  for (const auto& [key, wish] : asked_) {
    if (wish.is_again) continue;
    --others;
    base::log::info(kArea, "{}: asks for {} replicas in sync in the place of {}: {}{}",
                    wish.partition->name().to_string(), wish.proposal.in_sync.size(),
                    wish.in_sync_before, wish.proposal.cause,
                    others == 0 ? "" : fmt::format("; and so for {} other partitions", others));
    return;
  }
}

AlterPartitionRequest InSyncProposer::request_locked() const {
  AlterPartitionRequest request;
  request.broker_id = self_;
  request.broker_epoch = broker_epoch_;
  for (const auto& [key, wish] : wanted_) {
    if (request.topics.empty() || request.topics.back().topic_id != key.first) {
      request.topics.emplace_back().topic_id = key.first;
    }
    auto& partition = request.topics.back().partitions.emplace_back();
    partition.partition_index = key.second;
    partition.leader_epoch = wish.leader_epoch;
    partition.partition_epoch = wish.proposal.partition_epoch;
    for (const auto& member : wish.proposal.in_sync) {
      const std::int64_t epoch = member.broker == self_ ? broker_epoch_ : member.broker_epoch;
      partition.new_isr_with_epochs.push_back({.broker_id = member.broker, .broker_epoch = epoch});
    }
  }
  return request;
}

void InSyncProposer::answered(const base::Result<AlterPartitionResponse>& response) {
  Wishes asked;
  {
    const std::lock_guard lock(mutex_);
    asked.swap(asked_);
  }
  const ErrorCode whole = response ? response->error_code : response.error().code;
  if (whole != ErrorCode::kNone && !std::exchange(is_unanswered_, true)) {
    base::log::warn(
        kArea, "the controller did not answer for {} in-sync sets, asked again: {}", asked.size(),
        response ? base::error_name(whole) : std::string_view(response.error().message));
  }
  if (whole == ErrorCode::kNone && std::exchange(is_unanswered_, false)) {
    base::log::info(kArea, "the controller answers for in-sync sets again");
  }
  const auto codes = response ? codes_of(*response) : decltype(codes_of(*response)){};
  for (const auto& [key, wish] : asked) {
    const auto found = codes.find(key);
    const bool is_answered = whole == ErrorCode::kNone && found != codes.end();
    settle(key, wish, is_answered ? found->second : ErrorCode::kUnknownServerError);
  }
  {
    const std::lock_guard lock(mutex_);
    is_asking_ = false;
  }
  send_if_due();
}

void InSyncProposer::settle(const Key& key, const Wish& wish, ErrorCode code) {
  const InSyncAnswer answer = answer_of(code);
  if (code == ErrorCode::kNone) {
    const std::lock_guard lock(mutex_);
    asked_before_.erase(key);
    const bool grew = wish.proposal.in_sync.size() > wish.in_sync_before;
    ++(grew ? counters_.expands : counters_.shrinks);
  } else if (answer == InSyncAnswer::kRefused) {
    base::log::info(kArea, "{}: the controller refused the in-sync set: {}",
                    wish.partition->name().to_string(), base::error_name(code));
  }
  wish.partition->answered_in_sync(wish.proposal.partition_epoch, answer);
  if (answer != InSyncAnswer::kAwaitsMetadata) try_again_later(key, wish);
}

void InSyncProposer::try_again_later(const Key& key, const Wish& wish) {
  const std::lock_guard lock(mutex_);
  const bool is_armed = !resting_.empty();
  resting_.insert_or_assign(key, wish.partition);
  if (is_armed || stopped_) return;
  world_.loop(0).run_after(kRetryAfter, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->try_again();
  });
}

void InSyncProposer::try_again() {
  const std::lock_guard no_stop(timer_mutex_);
  std::map<Key, std::shared_ptr<replica::Partition>> due;
  {
    const std::lock_guard lock(mutex_);
    due.swap(resting_);
  }
  for (const auto& [key, partition] : due) consider(partition);
}

}  // namespace odradek::broker
