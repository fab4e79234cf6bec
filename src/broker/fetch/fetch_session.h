// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/uuid.h"
#include "env/world.h"
#include "replica/partition.h"
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
// Kept by whoever works with it; never changed.
using FetchTargetRef = std::shared_ptr<const FetchTarget>;

// What of a fetch, besides its partitions, decides what it is shown.
struct FetchTerms {
  replica::Isolation isolation = replica::Isolation::kReadUncommitted;
  replica::Readable readable = replica::Readable::kFromLeader;
  // Of a follower.
  base::BrokerId replica = base::kNoBroker;
  std::int64_t broker_epoch = -1;
  // The rack of a consumer that may be sent elsewhere.
  std::string rack = {};

  friend bool operator==(const FetchTerms&, const FetchTerms&) = default;
};

// The partitions of one client, in the order in which they are served. A fetch looks only at those
// that are due: the client named them, or had something of them last time, or something changed
// there since. The others have nothing for the client, and the session waits for a change in each
// (replica::Partition::watch_for_change): a fetch costs what is new, not what is followed.
//
// One fetch after the other: begin(), take_fresh() whenever it is woken, finish(). Where a client
// sends the next before the last is answered, both are served. Threads: any; calls are short. Lock
// order: FetchSession, then Partition.
class FetchSession : public std::enable_shared_from_this<FetchSession> {
 public:
  using Reader = std::shared_ptr<replica::FetchWaiter>;

  FetchSession(std::int32_t id, bool by_topic_id) : id_(id), by_topic_id_(by_topic_id) {}
  ~FetchSession();
  FetchSession(const FetchSession&) = delete;
  FetchSession& operator=(const FetchSession&) = delete;

  std::int32_t id() const { return id_; }
  bool by_topic_id() const { return by_topic_id_; }

  // Takes the request's changes in. INVALID_FETCH_SESSION_EPOCH when the request is not the next
  // one.
  [[nodiscard]] base::Result<> update(const wire::FetchRequest& request);
  // The fetch that update() was called for begins, and is woken from now on when one of the others
  // is due. Returns what is due.
  std::vector<FetchTargetRef> begin(const Reader& reader, const FetchTerms& terms,
                                    env::MonotonicTime now);
  // What has become due since then.
  std::vector<FetchTargetRef> take_fresh(const Reader& reader);
  // Whether there are partitions that are not due.
  bool has_rest() const;

  // A partition that has nothing more for the client than what it is told now.
  struct Rest {
    FetchTargetRef target;
    std::shared_ptr<replica::Partition> partition;
    replica::Settled known;
  };
  // The fetch is answered. Remembers what the client is told, and drops from an incremental
  // response what it knows already. Partitions that gave records go to the end, so that each gets
  // its turn; those at rest are due when something changes there.
  void finish(const Reader& reader, wire::FetchResponse& response, bool is_incremental,
              std::vector<Rest> at_rest);

 private:
  class Bell;
  struct Entry {
    FetchTargetRef target;
    std::uint64_t turn = 0;
    base::Offset known_high_watermark = base::kNoOffset;
    base::Offset known_log_start_offset = base::kNoOffset;
    // At rest: where a change is waited for.
    std::shared_ptr<replica::Partition> partition = nullptr;
    replica::Partition::WatchId watch = 0;
    std::shared_ptr<Bell> bell = nullptr;
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
  // A fetch that is not answered yet.
  struct Reading {
    std::weak_ptr<replica::FetchWaiter> reader;
    std::vector<FetchTargetRef> fresh;
  };
  // Let go of once the lock is free: a partition may end with its last reference.
  using LetGo = std::vector<std::shared_ptr<replica::Partition>>;

  Key key_of(const std::string& topic, const base::TopicId& id, std::int32_t partition) const;
  void forget(const wire::FetchRequest& request, LetGo& let_go);
  void remember(const wire::FetchRequest& request, LetGo& let_go);
  void set_due(Entry& entry, LetGo& let_go);
  void leave_to_rest(const Rest& rest);
  void serve_last(Entry& entry);
  bool take_news(Entry& entry, const wire::FetchResponse::PartitionData& data);
  void rung(const Bell& bell);
  std::vector<Reading>::iterator find_reading(const Reader& reader);

  const std::int32_t id_;
  const bool by_topic_id_;
  const std::shared_ptr<replica::FetchPulse> pulse_ = std::make_shared<replica::FetchPulse>();
  mutable std::mutex mutex_;
  std::int32_t next_epoch_ = 0;
  FetchTerms terms_;
  std::unordered_map<Key, Entry, KeyHash> entries_;
  std::uint64_t next_turn_ = 0;
  std::map<std::uint64_t, Entry*> due_;  // by their turns
  std::vector<Reading> readings_;
};

// Whose session it is.
enum class FetchedBy : std::uint8_t { kConsumer, kFollower };

// All sessions of this broker: at most `max.incremental.fetch.session.cache.slots`. When they are
// all taken, one that was not used for two minutes makes room, and for a follower any consumer's;
// where there is none, the client goes on with full fetches. Threads: any.
class FetchSessions {
 public:
  FetchSessions(env::World& world, std::size_t slots) : world_(world), slots_(slots) {}

  // Null when there is no slot.
  std::shared_ptr<FetchSession> create(bool by_topic_id, FetchedBy by);
  // Null when there is no such session.
  std::shared_ptr<FetchSession> find(std::int32_t id);
  void remove(std::int32_t id);

 private:
  struct Slot {
    std::shared_ptr<FetchSession> session;
    std::list<std::int32_t>::iterator use;
    env::MonotonicTime last_used;
    FetchedBy by = FetchedBy::kConsumer;
  };
  using Sessions = std::unordered_map<std::int32_t, Slot>;

  // Who makes room for another one; nobody: the end.
  Sessions::iterator dispensable(FetchedBy by);
  // Its session, to be let go of once the lock is free.
  std::shared_ptr<FetchSession> take_out(Sessions::iterator slot);
  std::int32_t fresh_id();

  env::World& world_;
  const std::size_t slots_;
  std::mutex mutex_;
  Sessions sessions_;
  std::list<std::int32_t> uses_;  // least recently used first
};

}  // namespace odradek::broker
