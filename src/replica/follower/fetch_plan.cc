// SPDX-License-Identifier: Apache-2.0
#include "replica/follower/fetch_plan.h"

#include <algorithm>
#include <limits>
#include <ranges>
#include <utility>

namespace odradek::replica::follower {
namespace {

using Request = wire::FetchRequest;

// Keys come sorted: those of a topic follow each other.
void add(std::vector<Request::FetchTopic>& topics, const FetchPlan::Key& key,
         const Request::FetchPartition& partition) {
  if (topics.empty() || topics.back().topic_id != key.first) {
    topics.push_back({.topic = {}, .topic_id = key.first, .partitions = {}});
  }
  topics.back().partitions.push_back(partition);
}

void add(std::vector<Request::ForgottenTopic>& topics, const FetchPlan::Key& key) {
  if (topics.empty() || topics.back().topic_id != key.first) {
    topics.push_back({.topic = {}, .topic_id = key.first, .partitions = {}});
  }
  topics.back().partitions.push_back(key.second);
}

std::int32_t epoch_after(std::int32_t epoch) {
  return epoch == std::numeric_limits<std::int32_t>::max() ? 1 : epoch + 1;
}

}  // namespace

void FetchPlan::follow(const Key& key, const FollowedPosition& position) {
  const auto [known, is_new] = partitions_.try_emplace(key, position);
  const bool was_left_out = backed_off_.erase(key) > 0;
  if (!is_new && !was_left_out && known->second == position) return;
  known->second = position;
  changed_.insert(key);
  forgotten_.erase(key);
}

void FetchPlan::forget(const Key& key) {
  if (partitions_.erase(key) == 0) return;
  backed_off_.erase(key);
  leave_out(key);
}

void FetchPlan::back_off(const Key& key, env::MonotonicTime until) {
  if (!partitions_.contains(key)) return;
  const auto known = backed_off_.try_emplace(key, until).first;
  known->second = std::max(known->second, until);
  leave_out(key);
}

void FetchPlan::leave_out(const Key& key) {
  changed_.erase(key);
  if (in_session_.contains(key)) forgotten_.insert(key);
}

void FetchPlan::end_back_offs(env::MonotonicTime now) {
  std::erase_if(backed_off_, [this, now](const auto& entry) {
    if (entry.second > now) return false;
    changed_.insert(entry.first);
    forgotten_.erase(entry.first);
    return true;
  });
}

std::optional<env::MonotonicTime> FetchPlan::next_return() const {
  if (backed_off_.empty()) return std::nullopt;
  return std::ranges::min(backed_off_ | std::views::values);
}

bool FetchPlan::has_turn(env::MonotonicTime now) const {
  if (partitions_.size() > backed_off_.size()) return true;
  return !backed_off_.empty() && *next_return() <= now;
}

Request::FetchPartition FetchPlan::as_asked(const Key& key,
                                            const FollowedPosition& position) const {
  return {.partition = key.second,
          .current_leader_epoch = position.leader_epoch,
          .fetch_offset = position.end,
          .last_fetched_epoch = position.last_epoch,
          .log_start_offset = position.log_start,
          .partition_max_bytes = std::min(options_.partition_max_bytes, position.max_bytes),
          .replica_directory_id = position.directory_id,
          .high_watermark = position.high_watermark};
}

Request FetchPlan::next(env::MonotonicTime now) {
  end_back_offs(now);
  Request request;
  request.replica_state = {.replica_id = options_.self, .replica_epoch = options_.broker_epoch};
  request.max_wait_ms = options_.max_wait_ms;
  request.min_bytes = options_.min_bytes;
  request.max_bytes = options_.max_bytes;
  request.session_id = session_id_;
  request.session_epoch = session_epoch_;
  session_epoch_ > 0 ? ask_for_changes(request) : ask_for_all(request);
  changed_.clear();
  forgotten_.clear();
  return request;
}

void FetchPlan::ask_for_all(Request& request) {
  in_session_.clear();
  for (const auto& [key, position] : partitions_) {
    if (backed_off_.contains(key)) continue;
    in_session_.insert(in_session_.end(), key);
    add(request.topics, key, as_asked(key, position));
  }
}

void FetchPlan::ask_for_changes(Request& request) {
  for (const Key& key : changed_) {
    in_session_.insert(key);
    add(request.topics, key, as_asked(key, partitions_.at(key)));
  }
  for (const Key& key : forgotten_) {
    in_session_.erase(key);
    add(request.forgotten_topics_data, key);
  }
}

bool FetchPlan::take(const wire::FetchResponse& response) {
  if (response.error_code != base::ErrorCode::kNone) {
    const bool is_gone = response.error_code == base::ErrorCode::kFetchSessionIdNotFound;
    if (is_gone) session_id_ = 0;
    session_epoch_ = 0;
    return false;
  }
  if (response.session_id == 0) {
    // The leader has no room for one: everything is asked for every time.
    session_id_ = 0;
    session_epoch_ = 0;
    return true;
  }
  session_epoch_ = response.session_id == session_id_ ? epoch_after(session_epoch_) : 1;
  session_id_ = response.session_id;
  return true;
}

void FetchPlan::failed() { session_epoch_ = 0; }

}  // namespace odradek::replica::follower
