// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/uuid.h"
#include "env/world.h"
#include "wire/messages/fetch.h"

// Incremental fetch sessions (KIP-227): the server remembers what a client fetches, the client
// sends changes only and gets only what is new.
namespace odradek::broker {

// One partition that a fetch asks for.
struct FetchTarget {
  std::string topic;  // empty where the client names topics by id
  base::TopicId topic_id;
  wire::FetchRequest::FetchPartition partition;
};

// The partitions of one client, in the order in which they are served. Threads: any; calls are
// short.
class FetchSession {
 public:
  FetchSession(std::int32_t id, bool by_topic_id) : id_(id), by_topic_id_(by_topic_id) {}

  std::int32_t id() const { return id_; }
  bool by_topic_id() const { return by_topic_id_; }

  // Takes the request's changes in and returns everything to fetch. INVALID_FETCH_SESSION_EPOCH
  // when the request is not the next one.
  [[nodiscard]] base::Result<std::vector<FetchTarget>> update(const wire::FetchRequest& request);
  // Remembers what the client is told, and drops from an incremental response what it knows
  // already. Partitions that gave records go to the end, so that each gets its turn.
  void note_response(wire::FetchResponse& response, bool is_incremental);

 private:
  struct Entry {
    FetchTarget target;
    base::Offset known_high_watermark = base::kNoOffset;
    base::Offset known_log_start_offset = base::kNoOffset;
  };
  struct Key {
    std::string topic;
    base::TopicId topic_id;
    std::int32_t partition;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };

  Key key_of(const std::string& topic, const base::TopicId& id, std::int32_t partition) const;
  void forget(const wire::FetchRequest& request);
  void remember(const wire::FetchRequest& request);
  bool take_news(Entry& entry, const wire::FetchResponse::PartitionData& data);

  const std::int32_t id_;
  const bool by_topic_id_;
  std::mutex mutex_;
  std::int32_t next_epoch_ = 0;
  std::list<Entry> entries_;
  std::unordered_map<Key, std::list<Entry>::iterator, KeyHash> by_key_;
};

// All sessions of this broker: at most `max.incremental.fetch.session.cache.slots`. When they are
// all taken, one that was not used for two minutes makes room; where there is none, the client goes
// on with full fetches. Threads: any.
class FetchSessions {
 public:
  FetchSessions(env::World& world, std::size_t slots) : world_(world), slots_(slots) {}

  // Null when there is no slot.
  std::shared_ptr<FetchSession> create(bool by_topic_id);
  // Null when there is no such session.
  std::shared_ptr<FetchSession> find(std::int32_t id);
  void remove(std::int32_t id);

 private:
  struct Slot {
    std::shared_ptr<FetchSession> session;
    std::list<std::int32_t>::iterator use;
    env::MonotonicTime last_used;
  };

  bool make_room();
  std::int32_t fresh_id();

  env::World& world_;
  const std::size_t slots_;
  std::mutex mutex_;
  std::unordered_map<std::int32_t, Slot> sessions_;
  std::list<std::int32_t> uses_;  // least recently used first
};

}  // namespace odradek::broker
