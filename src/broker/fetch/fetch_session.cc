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

// Waits in a partition at rest; knows its entry for as long as there is one.
class FetchSession::Bell : public replica::FetchWaiter {
 public:
  Bell(std::weak_ptr<FetchSession> session, Entry& of)
      : entry(&of), session_(std::move(session)) {}
  void wake() override {
    if (const auto session = session_.lock()) session->rung(*this);
  }

  Entry* entry;  // guarded by the session's mutex

 private:
  const std::weak_ptr<FetchSession> session_;
};

FetchSession::~FetchSession() {
  for (auto& [key, entry] : entries_) {
    if (entry.partition) entry.partition->unwatch(entry.watch);
  }
}

base::Result<> FetchSession::update(const FetchRequest& request) {
  LetGo let_go;
  const std::lock_guard lock(mutex_);
  if (request.session_epoch != next_epoch_) {
    return base::fail(ErrorCode::kInvalidFetchSessionEpoch,
                      fmt::format("fetch session {}: epoch {} asked for, {} is next", id_,
                                  request.session_epoch, next_epoch_));
  }
  next_epoch_ = next_epoch_ == std::numeric_limits<std::int32_t>::max() ? 1 : next_epoch_ + 1;
  forget(request, let_go);
  remember(request, let_go);
  return {};
}

void FetchSession::forget(const FetchRequest& request, LetGo& let_go) {
  for (const auto& topic : request.forgotten_topics_data) {
    for (const std::int32_t partition : topic.partitions) {
      const auto found = entries_.find(key_of(topic.topic, topic.topic_id, partition));
      if (found == entries_.end()) continue;
      Entry& entry = found->second;
      set_due(entry, let_go);
      due_.erase(entry.turn);
      if (entry.bell) entry.bell->entry = nullptr;
      entries_.erase(found);
    }
  }
}

void FetchSession::remember(const FetchRequest& request, LetGo& let_go) {
  for (const auto& topic : request.topics) {
    for (const auto& partition : topic.partitions) {
      const auto [found, is_new] =
          entries_.try_emplace(key_of(topic.topic, topic.topic_id, partition.partition));
      Entry& entry = found->second;
      if (is_new) entry.turn = next_turn_++;
      entry.target = std::make_shared<const FetchTarget>(topic.topic, topic.topic_id, partition);
      set_due(entry, let_go);
    }
  }
}

void FetchSession::set_due(Entry& entry, LetGo& let_go) {
  due_.emplace(entry.turn, &entry);
  if (!entry.partition) return;
  entry.partition->unwatch(entry.watch);
  let_go.push_back(std::move(entry.partition));
}

std::vector<FetchTargetRef> FetchSession::begin(const Reader& reader, const FetchTerms& terms,
                                                env::MonotonicTime now) {
  LetGo let_go;
  const std::lock_guard lock(mutex_);
  if (terms_ != terms) {
    terms_ = terms;
    for (auto& [key, entry] : entries_) set_due(entry, let_go);
  }
  std::erase_if(readings_, [](const Reading& reading) { return reading.reader.expired(); });
  readings_.push_back({reader, {}});
  // Before it is known what is due: whatever becomes due later was still at rest at this time.
  pulse_->store(now);
  std::vector<FetchTargetRef> due;
  due.reserve(due_.size());
  for (const auto& [turn, entry] : due_) due.push_back(entry->target);
  return due;
}

std::vector<FetchSession::Reading>::iterator FetchSession::find_reading(const Reader& reader) {
  return std::ranges::find_if(
      readings_, [&reader](const Reading& reading) { return reading.reader.lock() == reader; });
}

std::vector<FetchTargetRef> FetchSession::take_fresh(const Reader& reader) {
  const std::lock_guard lock(mutex_);
  const auto reading = find_reading(reader);
  if (reading == readings_.end()) return {};
  return std::exchange(reading->fresh, {});
}

bool FetchSession::has_rest() const {
  const std::lock_guard lock(mutex_);
  return entries_.size() > due_.size();
}

void FetchSession::rung(const Bell& bell) {
  LetGo let_go;
  std::vector<Reader> woken;
  {
    const std::lock_guard lock(mutex_);
    if (bell.entry == nullptr || !bell.entry->partition) return;
    set_due(*bell.entry, let_go);
    for (Reading& reading : readings_) {
      auto reader = reading.reader.lock();
      if (!reader) continue;
      reading.fresh.push_back(bell.entry->target);
      woken.push_back(std::move(reader));
    }
  }
  for (const Reader& reader : woken) reader->wake();
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

void FetchSession::serve_last(Entry& entry) {
  const bool is_due = due_.erase(entry.turn) > 0;
  entry.turn = next_turn_++;
  if (is_due) due_.emplace(entry.turn, &entry);
}

void FetchSession::finish(const Reader& reader, FetchResponse& response, bool is_incremental,
                          std::vector<Rest> at_rest) {
  const std::lock_guard lock(mutex_);
  for (auto& topic : response.responses) {
    std::erase_if(topic.partitions, [&](const FetchResponse::PartitionData& data) {
      const auto found = entries_.find(key_of(topic.topic, topic.topic_id, data.partition_index));
      if (found == entries_.end()) return false;
      const bool news = take_news(found->second, data);
      if (data.records && !data.records->empty()) serve_last(found->second);
      return is_incremental && !news;
    });
  }
  std::erase_if(response.responses, [](const auto& topic) { return topic.partitions.empty(); });
  if (const auto reading = find_reading(reader); reading != readings_.end()) {
    readings_.erase(reading);
  }
  // Another fetch is on its way, and looks for itself at what was due.
  if (!readings_.empty()) return;
  for (const Rest& rest : at_rest) leave_to_rest(rest);
}

void FetchSession::leave_to_rest(const Rest& rest) {
  const auto found = entries_.find(
      key_of(rest.target->topic, rest.target->topic_id, rest.target->partition.partition));
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  const bool is_as_told = entry.known_high_watermark == rest.known.high_watermark &&
                          entry.known_log_start_offset == rest.known.log_start_offset;
  if (entry.target != rest.target || entry.partition || !is_as_told) return;
  if (!entry.bell) entry.bell = std::make_shared<Bell>(weak_from_this(), entry);
  replica::Settled known = rest.known;
  if (known.follower != base::kNoBroker) known.pulse = pulse_;
  const auto watch = rest.partition->watch_for_change(entry.bell, known);
  if (watch == 0) return;
  entry.partition = rest.partition;
  entry.watch = watch;
  due_.erase(entry.turn);
}

std::shared_ptr<FetchSession> FetchSessions::create(bool by_topic_id, FetchedBy by) {
  std::shared_ptr<FetchSession> made_room;
  const std::lock_guard lock(mutex_);
  if (sessions_.size() >= slots_) {
    const auto slot = dispensable(by);
    if (slot == sessions_.end()) return nullptr;
    made_room = take_out(slot);
  }
  const std::int32_t id = fresh_id();
  auto session = std::make_shared<FetchSession>(id, by_topic_id);
  uses_.push_back(id);
  sessions_[id] = {session, std::prev(uses_.end()), world_.clock().monotonic(), by};
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
  std::shared_ptr<FetchSession> removed;
  const std::lock_guard lock(mutex_);
  if (const auto found = sessions_.find(id); found != sessions_.end()) removed = take_out(found);
}

std::shared_ptr<FetchSession> FetchSessions::take_out(Sessions::iterator slot) {
  auto session = std::move(slot->second.session);
  uses_.erase(slot->second.use);
  sessions_.erase(slot);
  return session;
}

FetchSessions::Sessions::iterator FetchSessions::dispensable(FetchedBy by) {
  constexpr auto kIdle = std::chrono::minutes(2);
  if (uses_.empty()) return sessions_.end();
  const auto oldest = sessions_.find(uses_.front());
  if (world_.clock().monotonic() - oldest->second.last_used >= kIdle) return oldest;
  if (by == FetchedBy::kConsumer) return sessions_.end();
  // What is acknowledged waits for followers' fetches.
  for (const std::int32_t id : uses_) {
    const auto slot = sessions_.find(id);
    if (slot->second.by == FetchedBy::kConsumer) return slot;
  }
  return sessions_.end();
}

std::int32_t FetchSessions::fresh_id() {
  while (true) {
    const auto id = static_cast<std::int32_t>(world_.random().next() & 0x7fffffffU);
    if (id != 0 && !sessions_.contains(id)) return id;
  }
}

}  // namespace odradek::broker
