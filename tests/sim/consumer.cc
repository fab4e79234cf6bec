// SPDX-License-Identifier: Apache-2.0
#include "sim/consumer.h"

#include <fmt/core.h>

#include <algorithm>

#include "wire/messages/find_coordinator.h"
#include "wire/messages/heartbeat.h"
#include "wire/messages/join_group.h"
#include "wire/messages/leave_group.h"
#include "wire/messages/offset_commit.h"
#include "wire/messages/offset_fetch.h"
#include "wire/messages/sync_group.h"

namespace odradek::sim_test {
namespace {

constexpr std::int32_t kSessionTimeoutMs = 6000;
constexpr std::int32_t kRebalanceTimeoutMs = 5000;
// Topic ids in commits would need versions of their own; names do.
constexpr wire::Version kNewestCommit = 9;

base::SharedBytes encode(const std::vector<std::int32_t>& partitions) {
  auto bytes = base::SharedBytes::allocate(partitions.size() * 4);
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    base::store_big_endian(bytes.mutable_view().data() + i * 4, partitions[i]);
  }
  return bytes;
}

}  // namespace

Consumer::Consumer(env::sim::SimHost& host, const Router::Brokers& brokers, History& history,
                   TopicView topic, std::string group)
    : router_(host, brokers, host.name()),
      history_(history),
      topic_(std::move(topic)),
      group_(std::move(group)) {}

bool Consumer::accept(base::ErrorCode code, const char* what) {
  switch (code) {
    case base::ErrorCode::kNone:
      return true;
    case base::ErrorCode::kUnknownMemberId:
      member_id_.clear();
      [[fallthrough]];
    case base::ErrorCode::kIllegalGeneration:
    case base::ErrorCode::kRebalanceInProgress:
      has_joined_ = false;
      return false;
    case base::ErrorCode::kNotCoordinator:
    case base::ErrorCode::kCoordinatorNotAvailable:
      coordinator_ = nullptr;
      return false;
    default:
      break;
  }
  if (!base::is_retriable(code)) {
    history_.violation(fmt::format("{} of group {} got {}", what, group_, base::error_name(code)));
  }
  return false;
}

template <typename Response, typename Request>
Task<base::Result<Response>> Consumer::ask(Request request, wire::Version version) {
  auto response = co_await coordinator_->call<Response>(std::move(request), version);
  if (!response) coordinator_ = nullptr;
  co_return response;
}

Detached Consumer::run() {
  while (!is_stopping_) {
    bool is_well = coordinator_ != nullptr;
    if (coordinator_ == nullptr) is_well = co_await find_coordinator();
    if (is_well && !has_joined_) is_well = co_await join();
    if (is_well) is_well = co_await poll();
    if (is_well) is_well = co_await heartbeat();
    if (is_well && router_.random().chance(0.3)) is_well = co_await commit();
    if (!is_well && has_joined_) co_await router_.pause();
    if (!has_joined_) co_await router_.pause(std::chrono::milliseconds(5));
  }
  if (has_joined_ && coordinator_ != nullptr) co_await leave();
  router_.close();
  is_done_ = true;
}

Task<bool> Consumer::find_coordinator() {
  wire::FindCoordinatorRequest request;
  const auto version = router_.any_version<wire::FindCoordinatorRequest>();
  if (version >= 4) {
    request.coordinator_keys = {group_};
  } else {
    request.key = group_;
  }
  auto response =
      co_await router_.any().call<wire::FindCoordinatorResponse>(std::move(request), version);
  if (!response) {
    router_.any_failed();
    co_return false;
  }
  const auto code = version >= 4 ? response->coordinators.at(0).error_code : response->error_code;
  if (!accept(code, "FindCoordinator")) co_return false;
  coordinator_ =
      router_.find(version >= 4 ? response->coordinators.at(0).node_id : response->node_id);
  co_return coordinator_ != nullptr;
}

Task<bool> Consumer::join() {
  wire::JoinGroupRequest request;
  request.group_id = group_;
  request.session_timeout_ms = kSessionTimeoutMs;
  request.member_id = member_id_;
  request.protocol_type = "consumer";
  request.protocols.push_back({"by-hand", base::SharedBytes::copy(base::as_bytes("x"))});
  const auto version = router_.any_version<wire::JoinGroupRequest>();
  if (version >= 1) request.rebalance_timeout_ms = kRebalanceTimeoutMs;
  auto response = co_await ask<wire::JoinGroupResponse>(std::move(request), version);
  if (!response) co_return false;
  if (response->error_code == base::ErrorCode::kMemberIdRequired) {
    member_id_ = response->member_id;
    co_return false;
  }
  if (!accept(response->error_code, "JoinGroup")) co_return false;
  member_id_ = response->member_id;
  generation_ = response->generation_id;
  std::vector<std::string> members;
  for (const auto& member : response->members) members.push_back(member.member_id);
  std::ranges::sort(members);
  co_return co_await sync(std::move(members), response->leader == member_id_);
}

Task<bool> Consumer::sync(std::vector<std::string> members, bool is_leader) {
  wire::SyncGroupRequest request;
  request.group_id = group_;
  request.generation_id = generation_;
  request.member_id = member_id_;
  const auto version = router_.any_version<wire::SyncGroupRequest>();
  if (version >= 5) {
    request.protocol_type = "consumer";
    request.protocol_name = "by-hand";
  }
  for (std::size_t i = 0; is_leader && i < members.size(); ++i) {
    std::vector<std::int32_t> partitions;
    for (auto p = static_cast<std::int32_t>(i); p < topic_.partitions;
         p += static_cast<std::int32_t>(members.size())) {
      partitions.push_back(p);
    }
    request.assignments.push_back({members[i], encode(partitions)});
  }
  auto response = co_await ask<wire::SyncGroupResponse>(std::move(request), version);
  if (!response || !accept(response->error_code, "SyncGroup")) co_return false;
  positions_.clear();
  for (std::size_t at = 0; at + 4 <= response->assignment.size(); at += 4) {
    positions_[base::load_big_endian<std::int32_t>(response->assignment.data() + at)] = {};
  }
  has_joined_ = co_await find_positions();
  co_return has_joined_;
}

Task<bool> Consumer::find_positions() {
  wire::OffsetFetchRequest request;
  request.group_id = group_;
  auto& wanted = request.topics->emplace_back();
  wanted.name = topic_.name;
  for (const auto& [partition, position] : positions_) {
    wanted.partition_indexes.push_back(partition);
  }
  if (positions_.empty()) co_return true;
  const auto version = std::max<wire::Version>(router_.any_version<wire::OffsetFetchRequest>(7), 1);
  auto response = co_await ask<wire::OffsetFetchResponse>(std::move(request), version);
  if (!response || !accept(response->error_code, "OffsetFetch")) co_return false;
  for (const auto& answer : response->topics.at(0).partitions) {
    if (!accept(answer.error_code, "OffsetFetch")) co_return false;
    history_.commit_found(group_, {topic_.name, answer.partition_index}, answer.committed_offset);
    positions_[answer.partition_index] =
        answer.committed_offset < base::Offset(0) ? base::Offset(0) : answer.committed_offset;
  }
  co_return true;
}

Task<bool> Consumer::poll() {
  for (auto& [partition, position] : positions_) {
    auto next = co_await fetch(router_, history_, topic_, partition, position, 20, nullptr);
    if (!next) {
      const auto code = next.error().code;
      if (!base::is_retriable(code)) accept(code, "Fetch");
      co_return false;
    }
    position = next->next;
  }
  if (positions_.empty()) co_await router_.pause();
  co_return true;
}

Task<bool> Consumer::heartbeat() {
  wire::HeartbeatRequest request;
  request.group_id = group_;
  request.generation_id = generation_;
  request.member_id = member_id_;
  auto response = co_await ask<wire::HeartbeatResponse>(
      std::move(request), router_.any_version<wire::HeartbeatRequest>());
  co_return response&& accept(response->error_code, "Heartbeat");
}

Task<bool> Consumer::commit() {
  wire::OffsetCommitRequest request;
  request.group_id = group_;
  request.generation_id_or_member_epoch = generation_;
  request.member_id = member_id_;
  auto& topic = request.topics.emplace_back();
  topic.name = topic_.name;
  std::map<std::int32_t, std::uint64_t> attempts;
  for (const auto& [partition, position] : positions_) {
    auto& wanted = topic.partitions.emplace_back();
    wanted.partition_index = partition;
    wanted.committed_offset = position;
    attempts[partition] = history_.commit_sent(group_, {topic_.name, partition}, position);
  }
  if (positions_.empty()) co_return true;
  const auto version =
      std::max<wire::Version>(router_.any_version<wire::OffsetCommitRequest>(kNewestCommit), 2);
  auto response = co_await ask<wire::OffsetCommitResponse>(std::move(request), version);
  if (!response) co_return false;
  bool is_well = true;
  for (const auto& answer : response->topics.at(0).partitions) {
    if (!accept(answer.error_code, "OffsetCommit")) {
      is_well = false;
      continue;
    }
    history_.commit_acknowledged(group_, {topic_.name, answer.partition_index},
                                 attempts.at(answer.partition_index));
  }
  co_return is_well;
}

Task<bool> Consumer::leave() {
  wire::LeaveGroupRequest request;
  request.group_id = group_;
  const auto version = router_.any_version<wire::LeaveGroupRequest>();
  if (version >= 3) {
    auto& member = request.members.emplace_back();
    member.member_id = member_id_;
  } else {
    request.member_id = member_id_;
  }
  auto response = co_await ask<wire::LeaveGroupResponse>(std::move(request), version);
  co_return response.has_value();
}

}  // namespace odradek::sim_test
