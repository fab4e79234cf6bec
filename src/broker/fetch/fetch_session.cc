// SPDX-License-Identifier: Apache-2.0
#include "broker/fetch/fetch_session.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace odradek::broker {

using base::ErrorCode;
using wire::FetchRequest;
using wire::FetchResponse;

std::size_t FetchSession::KeyHash::operator()(const Key& key) const {
  return std::hash<std::string>{}(key.topic) ^ std::hash<base::Uuid>{}(key.topic_id) ^
         (static_cast<std::size_t>(key.partition) * 0x9e3779b97f4a7c15ULL);
}

FetchSession::Key FetchSession::key_of(const std::string& topic, const base::TopicId& id,
                                       std::int32_t partition) const {
  if (by_topic_id_) return {{}, id, partition};
  return {topic, {}, partition};
}

base::Result<std::vector<FetchTarget>> FetchSession::update(const FetchRequest& request) {
  const std::lock_guard lock(mutex_);
  if (request.session_epoch != next_epoch_) {
    return base::fail(ErrorCode::kInvalidFetchSessionEpoch,
                      fmt::format("fetch session {}: epoch {} asked for, {} is next", id_,
                                  request.session_epoch, next_epoch_));
  }
  next_epoch_ = next_epoch_ == std::numeric_limits<std::int32_t>::max() ? 1 : next_epoch_ + 1;
  forget(request);
  remember(request);
  std::vector<FetchTarget> targets;
  targets.reserve(entries_.size());
  for (const Entry& entry : entries_) targets.push_back(entry.target);
  return targets;
}

void FetchSession::forget(const FetchRequest& request) {
  for (const auto& topic : request.forgotten_topics_data) {
    for (const std::int32_t partition : topic.partitions) {
      const auto found = by_key_.find(key_of(topic.topic, topic.topic_id, partition));
      if (found == by_key_.end()) continue;
      entries_.erase(found->second);
      by_key_.erase(found);
    }
  }
}

void FetchSession::remember(const FetchRequest& request) {
  for (const auto& topic : request.topics) {
    for (const auto& partition : topic.partitions) {
      Key key = key_of(topic.topic, topic.topic_id, partition.partition);
      if (const auto found = by_key_.find(key); found != by_key_.end()) {
        found->second->target.partition = partition;
        continue;
      }
      entries_.push_back({.target = {topic.topic, topic.topic_id, partition}});
      by_key_.emplace(std::move(key), std::prev(entries_.end()));
    }
  }
}

bool FetchSession::take_news(Entry& entry, const FetchResponse::PartitionData& data) {
  const bool has_error = data.error_code != ErrorCode::kNone;
  const bool news = has_error || (data.records && !data.records->empty()) ||
                    data.high_watermark != entry.known_high_watermark ||
                    data.log_start_offset != entry.known_log_start_offset ||
                    data.preferred_read_replica != base::kNoBroker ||
                    data.diverging_epoch.epoch != base::kNoLeaderEpoch;
  entry.known_high_watermark = has_error ? base::kNoOffset : data.high_watermark;
  entry.known_log_start_offset = has_error ? base::kNoOffset : data.log_start_offset;
  return news;
}

void FetchSession::note_response(FetchResponse& response, bool is_incremental) {
  const std::lock_guard lock(mutex_);
  for (auto& topic : response.responses) {
    std::erase_if(topic.partitions, [&](const FetchResponse::PartitionData& data) {
      const auto found = by_key_.find(key_of(topic.topic, topic.topic_id, data.partition_index));
      if (found == by_key_.end()) return false;
      const bool news = take_news(*found->second, data);
      if (data.records && !data.records->empty()) {
        entries_.splice(entries_.end(), entries_, found->second);
      }
      return is_incremental && !news;
    });
  }
  std::erase_if(response.responses, [](const auto& topic) { return topic.partitions.empty(); });
}

std::shared_ptr<FetchSession> FetchSessions::create(bool by_topic_id) {
  const std::lock_guard lock(mutex_);
  if (sessions_.size() >= slots_ && !make_room()) return nullptr;
  const std::int32_t id = fresh_id();
  auto session = std::make_shared<FetchSession>(id, by_topic_id);
  uses_.push_back(id);
  sessions_[id] = {session, std::prev(uses_.end()), world_.clock().monotonic()};
  return session;
}

std::shared_ptr<FetchSession> FetchSessions::find(std::int32_t id) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return nullptr;
  found->second.last_used = world_.clock().monotonic();
  uses_.splice(uses_.end(), uses_, found->second.use);
  return found->second.session;
}

void FetchSessions::remove(std::int32_t id) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return;
  uses_.erase(found->second.use);
  sessions_.erase(found);
}

bool FetchSessions::make_room() {
  constexpr auto kIdle = std::chrono::minutes(2);
  if (uses_.empty()) return false;
  const auto oldest = sessions_.find(uses_.front());
  if (world_.clock().monotonic() - oldest->second.last_used < kIdle) return false;
  uses_.pop_front();
  sessions_.erase(oldest);
  return true;
}

std::int32_t FetchSessions::fresh_id() {
  while (true) {
    const auto id = static_cast<std::int32_t>(world_.random().next() & 0x7fffffffU);
    if (id != 0 && !sessions_.contains(id)) return id;
  }
}

}  // namespace odradek::broker
