// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/broker_sessions.h"

#include <algorithm>

#include "metadata/controller/placement.h"

namespace odradek::metadata {

void BrokerSessions::activate(const ClusterImage& image, std::int64_t now_ms) {
  sessions_.clear();
  for (const auto& [id, broker] : image.brokers) {
    if (!broker->fenced) hear(id, broker->epoch, now_ms);
  }
}

BrokerSessions::Session& BrokerSessions::session_of(base::BrokerId broker,
                                                    std::int64_t broker_epoch) {
  Session& session = sessions_[broker];
  if (session.broker_epoch != broker_epoch) {
    session = {};
    session.broker_epoch = broker_epoch;
  }
  return session;
}

void BrokerSessions::hear(base::BrokerId broker, std::int64_t broker_epoch, std::int64_t now_ms) {
  Session& session = session_of(broker, broker_epoch);
  session.heard_ms = now_ms;
}

void BrokerSessions::hear(base::BrokerId broker, std::int64_t broker_epoch,
                          base::Offset metadata_offset, std::int64_t now_ms) {
  Session& session = session_of(broker, broker_epoch);
  session.heard_ms = now_ms;
  session.metadata_offset = metadata_offset;
}

bool BrokerSessions::has_reported(base::BrokerId broker) const {
  const auto session = sessions_.find(broker);
  return session != sessions_.end() && session->second.metadata_offset != base::kNoOffset;
}

bool BrokerSessions::is_alive(base::BrokerId broker, std::int64_t broker_epoch,
                              std::int64_t now_ms) const {
  const auto found = sessions_.find(broker);
  return found != sessions_.end() && found->second.broker_epoch == broker_epoch &&
         !is_over(found->second, now_ms);
}

std::optional<BrokerSessions::Silent> BrokerSessions::find_silent(const ClusterImage& image,
                                                                  std::int64_t now_ms) {
  std::erase_if(sessions_, [&](const auto& entry) {
    const BrokerImage* broker = image.find_broker(entry.first);
    return broker == nullptr || broker->epoch != entry.second.broker_epoch;
  });
  const auto longest = std::ranges::min_element(
      sessions_, {}, [](const auto& entry) { return entry.second.heard_ms; });
  if (longest == sessions_.end() || !is_over(longest->second, now_ms)) return std::nullopt;
  return Silent{longest->first, longest->second.broker_epoch, now_ms - longest->second.heard_ms};
}

void BrokerSessions::begin_anew(std::int64_t now_ms) {
  for (auto& [broker, session] : sessions_) session.heard_ms = now_ms;
}

std::optional<std::int64_t> BrokerSessions::next_timeout_ms() const {
  if (sessions_.empty()) return std::nullopt;
  const auto longest = std::ranges::min_element(
      sessions_, {}, [](const auto& entry) { return entry.second.heard_ms; });
  return longest->second.heard_ms + timeout_ms_ + 1;
}

void BrokerSessions::set_shutdown_offset(base::BrokerId broker, base::Offset offset) {
  const auto found = sessions_.find(broker);
  if (found != sessions_.end()) found->second.shutdown_offset = offset;
}

bool BrokerSessions::has_shutdown_offset(base::BrokerId broker) const {
  const auto found = sessions_.find(broker);
  return found != sessions_.end() && found->second.shutdown_offset.has_value();
}

bool BrokerSessions::is_shutdown_known(const ClusterImage& image, base::BrokerId broker) const {
  const auto stopping = sessions_.find(broker);
  return stopping != sessions_.end() && stopping->second.shutdown_offset &&
         have_replayed(image, *stopping->second.shutdown_offset, broker);
}

bool BrokerSessions::have_replayed(const ClusterImage& image, base::Offset offset) const {
  return have_replayed(image, offset, base::kNoBroker);
}

bool BrokerSessions::have_replayed(const ClusterImage& image, base::Offset offset,
                                   base::BrokerId without) const {
  return std::ranges::all_of(image.brokers, [&](const auto& entry) {
    if (entry.first == without || !is_live(image, entry.first)) return true;
    const auto found = sessions_.find(entry.first);
    return found == sessions_.end() || found->second.metadata_offset >= offset;
  });
}

}  // namespace odradek::metadata
