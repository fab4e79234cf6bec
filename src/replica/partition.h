// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "env/clock.h"
#include "env/executor.h"
#include "log/log.h"
#include "replica/follower/fetch_plan.h"
#include "replica/leader/eligible_brokers.h"
#include "replica/leader/in_sync_set.h"

namespace odradek::replica {

// What a reader may see.
enum class Isolation : std::uint8_t {
  kReadUncommitted,  // below the high watermark
  kReadCommitted,    // below the last stable offset
  kLogEnd,           // everything that is written: what a follower reads
};

// Who may answer a read: consumers that name their rack may read from followers, too (KIP-392), up
// to the high watermark that they know.
enum class Readable : std::uint8_t { kFromLeader, kFromAnyReplica };

// A parked fetch: woken once, from any thread and without a lock held, when a partition that it
// watches has got on or changed its role.
class FetchWaiter {
 public:
  virtual ~FetchWaiter() = default;
  virtual void wake() = 0;
};

// When a follower's fetch session last asked (KIP-227), for all of its partitions that it did not
// name because nothing has changed there.
using FetchPulse = std::atomic<env::MonotonicTime>;

// What somebody knows of a partition who has read everything that it is shown there, and asks no
// more about it until something is new.
struct Settled {
  Isolation isolation = Isolation::kReadUncommitted;
  Readable readable = Readable::kFromLeader;
  base::LeaderEpoch current_leader_epoch = base::kNoLeaderEpoch;
  base::Offset visible_end;  // for its isolation
  base::Offset high_watermark;
  base::Offset log_start_offset;
  // Of a follower: its fetches since then are fetches of this partition, from where it is.
  base::BrokerId follower = base::kNoBroker;
  std::shared_ptr<const FetchPulse> pulse = {};
};

// The offsets that clients ask for, as one moment saw them.
struct OffsetSnapshot {
  base::Offset log_start_offset = base::kNoOffset;
  base::Offset last_stable_offset = base::kNoOffset;
  base::Offset high_watermark = base::kNoOffset;
  base::Offset log_end_offset = base::kNoOffset;
};

// A partition's place in a cluster, as the controller gave it.
struct Leadership {
  base::LeaderEpoch epoch;
  leader::Assignment assignment;
};

// What a leader's answer to a fetch brings its follower.
struct Replicated {
  base::SharedBytes batches;       // whole ones, checked
  base::LeaderEpoch leader_epoch;  // that the fetch was sent in
  base::Offset high_watermark;
  base::Offset log_start_offset;
};

// One partition on this broker: its role, high watermark and those who wait for it. Threads: any.
// partition_leader.cc and partition_follower.cc have what needs other replicas.
//
// Its lock is short and never held over I/O. Checking the epoch and appending happen under it;
// waiters are taken out under it and completed after it. Lock order: Partition, then Log.
class Partition : private log::ProgressListener {
 public:
  using CommitHandler = std::move_only_function<void(base::Result<>)>;

  // Told when its log is found to be damaged; with locks held, so it only notes that.
  using DamageHandler = std::function<void()>;

  // The partition is its log's listener as long as it lives.
  Partition(std::shared_ptr<log::Log> log, base::TopicId topic_id, DamageHandler on_damage = {});
  ~Partition() override;
  Partition(const Partition&) = delete;
  Partition& operator=(const Partition&) = delete;

  const base::TopicPartition& name() const { return log_->name(); }
  const base::TopicId& topic_id() const { return topic_id_; }
  log::Log& log() { return *log_; }

  // Takes the leadership of `epoch` as the only replica; the high watermark goes on from what is
  // safe here.
  void become_leader(base::LeaderEpoch epoch);
  // Takes it as one of several, or learns of another in-sync set in the same epoch. The high
  // watermark goes on from the one that was known here, and follows the in-sync set. `eligible`
  // outlives the partition.
  void become_leader(base::BrokerId self, const Leadership& leadership,
                     const leader::EligibleBrokers& eligible);
  // Follows the leader of `epoch` from here on: whoever waits for something of a leader is told
  // NOT_LEADER_OR_FOLLOWER.
  void become_follower(base::LeaderEpoch epoch, base::BrokerId leader = base::kNoBroker);
  // Gives the partition up (deleted, moved, its directory failed): everybody who waits, and every
  // later call, gets `error`. Idempotent; the first error stays.
  void retire(base::Error error);
  // Hears nothing of its log any more; waits for a notification that runs. Whoever takes the
  // partition out of use calls it, never from a handler of the partition's: the last reference may
  // then be dropped anywhere.
  void detach();

  // Appends validated batches as the leader. NOT_LEADER_OR_FOLLOWER, the log's errors; those of the
  // writing too, unless it was handed to another thread.
  [[nodiscard]] base::Result<log::AppendInfo> append(base::SharedBytes batches,
                                                     log::AppendOrigin origin);
  // append() in two steps, for a caller that holds a lock of its own: enqueue under it, write_out
  // after it.
  [[nodiscard]] base::Result<log::AppendInfo> enqueue(base::SharedBytes batches,
                                                      log::AppendOrigin origin);
  void write_out() { log_->write_out(); }
  // Names a handler that waits; without a number none does.
  struct WaitId {
    base::Offset end;
    std::uint64_t number = 0;

    friend auto operator<=>(const WaitId&, const WaitId&) = default;
  };
  // Calls once, when everything before `end` is committed, or with the error of a lost leadership;
  // at once and on this thread where it is so already.
  // Of an append that was taken back since (log::AppendEnd): with its error.
  WaitId when_committed(log::AppendEnd end, CommitHandler handler);
  // The same for all that the log held before `end` when this was called.
  WaitId when_committed(base::Offset end, CommitHandler handler) {
    return when_committed(log::AppendEnd{end, log_->end().take_backs}, std::move(handler));
  }
  // The same for what was written, which is what acks=1 waits for: at once, but where the log
  // writes on the pool, or flush.messages lets no more be unflushed.
  WaitId when_written(log::AppendEnd end, CommitHandler handler);
  // Whoever has given up waiting: the handler goes without a call, unless that is on its way. So
  // nobody waits here for longer than the request does, whose bound is queued.max.request.bytes.
  void forget(const WaitId& wait);
  // Whether it is so already.
  bool is_written(log::AppendEnd end) const;

  // Batches from `from` that `isolation` shows; see log::Log::read. `current_leader_epoch`, where
  // the client knows one, is checked first (KIP-320): FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH.
  [[nodiscard]] base::Result<log::ReadInfo> read(base::Offset from, Isolation isolation,
                                                 base::LeaderEpoch current_leader_epoch,
                                                 std::uint64_t max_bytes, bool at_least_one_batch,
                                                 log::ReadMode mode = log::ReadMode::kMayWait,
                                                 Readable readable = Readable::kFromLeader);
  // What a read of the log comes to as one of a replica: NOT_LEADER_OR_FOLLOWER in the place of
  // CORRUPT_MESSAGE where others have what is damaged here, for this one is about to give up its
  // leadership, or is no leader.
  base::Result<log::ReadInfo> as_replica(base::Result<log::ReadInfo> read) const;
  // Names a watch of one partition; 0 names none.
  using WatchId = std::uint64_t;
  // No high watermark passes it.
  static constexpr base::Offset kAnyHighWatermark{std::numeric_limits<std::int64_t>::max()};
  // Wakes `waiter` when something beyond `visible_end`, the end that it saw for its isolation, can
  // be read, or the high watermark passes `known_high_watermark`, which a follower knows
  // (KIP-1166). 0, and nothing is kept, when that is so already: look again.
  [[nodiscard]] WatchId watch(const std::shared_ptr<FetchWaiter>& waiter, Isolation isolation,
                              base::Offset visible_end,
                              base::Offset known_high_watermark = kAnyHighWatermark,
                              Readable readable = Readable::kFromLeader);
  // Wakes `waiter` when anything of `known` does not hold any more, be it the role, the replicas or
  // who of them is in sync. 0, and nothing is kept, when that is so already.
  [[nodiscard]] WatchId watch_for_change(const std::shared_ptr<FetchWaiter>& waiter,
                                         const Settled& known);
  // Nothing happens where the waiter has been woken.
  void unwatch(WatchId watch);
  // Wakes every parked fetch, news or not.
  void wake_fetches();

  // As the leader of several replicas. A follower's fetch, after its epoch was found to be ours
  // (KIP-320) and its log no other than this one up to there: notes how far it has come.
  // UNKNOWN_LEADER_EPOCH of a broker that is no replica, as far as is known here.
  [[nodiscard]] base::Result<> fetched(const leader::FollowerPosition& position,
                                       base::LeaderEpoch current_leader_epoch);
  // Whether the broker is of the in-sync set, as the leader of several knows it.
  bool is_in_sync(base::BrokerId broker) const;
  void set_in_sync_limits(const leader::InSyncSet::Limits& limits);
  // The change of the in-sync set to send to the controller now (AlterPartition); to be answered
  // with become_leader, where it was made, or answered_in_sync.
  std::optional<leader::InSyncProposal> propose_in_sync();
  void answered_in_sync(std::int32_t partition_epoch, leader::InSyncAnswer answer);
  // NOT_ENOUGH_REPLICAS where acks=all is to be refused before anything is appended.
  [[nodiscard]] base::Result<> check_in_sync() const;
  // Whether as many are in sync as are to be, so that the next one that goes is missed. Of a
  // partition that it leads.
  bool is_at_minimum() const;
  // False after an election until everything before it is known to be committed: an end shown now
  // could be below one that was shown before (KIP-207, OFFSET_NOT_AVAILABLE).
  bool is_end_known() const;
  // Whether others have it, too, and it leads here.
  bool has_followers() const;
  // Whether a replica is out of sync that may come back, as the leader of several knows it.
  bool lacks_in_sync() const;
  // Who has it and who of them is in sync, as the leader of several replicas knows it.
  std::optional<leader::Assignment> assignment() const;
  // The followers that a consumer at that offset may read from.
  std::vector<leader::InSyncSet::Holder> holders_of(base::Offset at);
  // The greatest log start that all replicas on live brokers have reached, as the leader knows it.
  base::Offset low_watermark() const;
  // Calls once, when the low watermark is at `to` or beyond it, or with the error of a lost
  // leadership. A broker that goes is not noticed: whoever waits has a time-out, and looks again
  // then.
  WaitId when_low_watermark(base::Offset to, CommitHandler handler);

  // Whether it is held to the rates of throttled replication (KIP-73).
  struct Throttled {
    bool as_leader = false;    // leader.replication.throttled.replicas
    bool as_follower = false;  // follower.replication.throttled.replicas
  };
  void set_throttled(const Throttled& throttled);
  Throttled throttled() const { return {is_throttled_as_leader_, is_throttled_as_follower_}; }

  // As a follower. How many offsets it lacks of what its leader last said is committed: 0 while it
  // keeps up. Nothing where it does not follow, or heard of nothing yet.
  std::optional<std::int64_t> lag() const;
  // Where it is; `end` counts what is safe here (log::Log::safe_end_offset).
  follower::FollowedPosition position() const;
  // Appends what the leader sent and takes over its high watermark and log start.
  // FENCED_LEADER_EPOCH where the role has changed since the fetch was sent; the log's errors.
  // Blocks where the log start moves.
  [[nodiscard]] base::Result<> append_replicated(Replicated replicated);
  // Calls once, when everything that is in the log now is safe here: the next fetch may ask on.
  void when_safe(CommitHandler handler);
  // The leader's log differs from this one: cuts it where they part, by the leader's greatest epoch
  // at or below the last one here and that epoch's end (KIP-101, KIP-279); unknown both where it
  // has none, then to the high watermark. Returns the new end. Blocks.
  [[nodiscard]] base::Result<base::Offset> cut_to_leader(const log::EpochEndOffset& of_leader,
                                                         base::LeaderEpoch current_leader_epoch);
  // Drops everything and goes on from there, where that is behind the end or all is empty. Blocks.
  [[nodiscard]] base::Result<> restart_at(base::Offset leader_start,
                                          base::LeaderEpoch current_leader_epoch);

  // It lacks what it once acknowledged, for its log was cut to be copied again: until it has
  // everything that its leader says is committed. Before its first role.
  void begin_refill() { is_refilling_ = true; }
  bool is_refilling() const { return is_refilling_; }

  [[nodiscard]] base::Result<> check_leader(base::LeaderEpoch current_leader_epoch) const;
  // The same for a read, of whoever may answer it.
  [[nodiscard]] base::Result<> check_readable(base::LeaderEpoch current_leader_epoch,
                                              Readable readable) const;
  base::LeaderEpoch leader_epoch() const;
  // The last role says who leads; kNoBroker where that isn't known here.
  struct CurrentLeader {
    base::BrokerId leader = base::kNoBroker;
    base::LeaderEpoch epoch = base::kNoLeaderEpoch;
  };
  CurrentLeader current_leader() const;
  OffsetSnapshot offsets() const;
  // The end of what `isolation` shows.
  base::Offset visible_end(Isolation isolation) const;

  // DeleteRecords up to `to` (-1: the high watermark); returns the new log start.
  // OFFSET_OUT_OF_RANGE beyond the high watermark.
  [[nodiscard]] base::Result<base::Offset> delete_records(base::Offset to);

 private:
  enum class Role : std::uint8_t { kNone, kLeader, kFollower };
  struct FetchWatch {
    std::shared_ptr<FetchWaiter> waiter;
    Isolation isolation;
    base::Offset visible_end;
    base::Offset known_high_watermark;
    // Woken by any change, and not by what is new to a reader only.
    std::optional<Settled> settled = {};
  };
  using Waiters = std::map<WaitId, CommitHandler>;
  struct Released {
    std::vector<CommitHandler> commits;
    std::vector<std::shared_ptr<FetchWaiter>> fetches;
  };

  void on_progress() override;
  void on_failure(const base::Error& error) override;
  void on_taken_back(base::Offset end, const base::Error& error) override;
  void on_damage() override;

  // The following are called with mutex_ held.
  [[nodiscard]] base::Result<> check_leader_locked(base::LeaderEpoch current_leader_epoch) const;
  [[nodiscard]] base::Result<> check_epoch_locked(base::LeaderEpoch current_leader_epoch) const;
  [[nodiscard]] base::Result<> check_readable_locked(base::LeaderEpoch current_leader_epoch,
                                                     Readable readable) const;
  base::Offset low_watermark_locked() const;
  // The error of a waiter that comes too late.
  std::optional<base::Error> check_end_locked(const log::AppendEnd& end) const;
  // How far all of the in-sync set has come; nothing while that is not known.
  std::optional<base::Offset> committed_end_locked() const;
  // What was committed before this process began.
  void begin_high_watermark_locked();
  [[nodiscard]] base::Result<> check_follower_locked(base::LeaderEpoch leader_epoch) const;
  base::Offset place_of_cut_locked(const log::EpochEndOffset& of_leader) const;
  void wait_for_cut(std::unique_lock<std::mutex>& lock);
  // Runs `cut`, which changes where the log ends, with the lock free; the role waits meanwhile:
  // nobody appends while the log is cut. Then what of the high watermark holds.
  base::Result<> run_cut(std::unique_lock<std::mutex>& lock,
                         const std::function<base::Result<>()>& cut);
  // Who reads here may be beyond the end now. Leaves the lock free.
  void tell_of_cut(std::unique_lock<std::mutex>& lock);
  env::MonotonicTime now() const;
  WaitId park_locked(base::Offset end, CommitHandler handler, Waiters& waiters);
  // Takes out of `waiters` those who wait for no more than `end`.
  static void release_until(base::Offset end, Waiters& waiters, Released& released);
  base::Offset visible_end_locked(Isolation isolation) const;
  void advance_high_watermark_locked();
  Released release_reached_locked();
  Released release_all_locked();
  void release_watches_locked(Released& released);
  // Those who wait for any change.
  void release_settled_locked(Released& released);
  void drop_watch_locked(std::map<WatchId, FetchWatch>::iterator watch, Released& released);
  bool still_holds_locked(const Settled& known) const;
  // The followers that wait for a change ask on from where they are.
  void note_pulses_locked();
  void note_pulse_locked(const FetchWatch& watch);

  static void complete(Released released, const std::optional<base::Error>& error);

  const std::shared_ptr<log::Log> log_;
  const base::TopicId topic_id_;

  mutable std::mutex mutex_;
  Role role_ = Role::kNone;
  base::LeaderEpoch leader_epoch_ = base::kNoLeaderEpoch;
  base::BrokerId leader_ = base::kNoBroker;
  std::optional<base::Error> retired_;
  bool detached_ = false;
  base::Offset high_watermark_{0};
  // As a follower heard it; that of its leader may be beyond the log's end.
  base::Offset leader_high_watermark_ = base::kNoOffset;
  std::atomic<bool> is_throttled_as_leader_ = false;
  std::atomic<bool> is_throttled_as_follower_ = false;
  Waiters commit_waiters_;
  Waiters write_waiters_;
  Waiters safe_waiters_;
  Waiters low_watermark_waiters_;
  std::uint64_t next_wait_ = 1;
  // Of a leader that is not the only replica.
  std::optional<leader::InSyncSet> in_sync_;
  base::Offset epoch_start_{0};
  leader::InSyncSet::Limits in_sync_limits_;
  bool is_cutting_ = false;
  std::unique_ptr<env::Condition> cut_is_over_;  // made by the first cut
  std::map<WatchId, FetchWatch> fetch_watches_;  // in the order in which they came
  WatchId next_watch_ = 1;
  const DamageHandler on_damage_;
  std::atomic<bool> is_refilling_ = false;
};

}  // namespace odradek::replica
