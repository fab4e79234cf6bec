// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/result.h"
#include "broker/runtime/group/commit_waits.h"
#include "broker/services.h"
#include "coordinator/group/group_machine.h"
#include "env/world.h"
#include "replica/partition.h"
#include "replica/partition_journal.h"

namespace odradek::broker {

namespace group = coordinator::group;

// One partition of __consumer_offsets: its machine, its journal, its time-outs and the requests
// that wait. Threads: any. Its lock is never held over I/O, nor while a reply is given. Lock order:
// GroupShard, then Partition.
class GroupShard : public std::enable_shared_from_this<GroupShard> {
 public:
  using ReplyHandler = std::move_only_function<void(base::Result<group::Response>)>;
  // Runs once what was decided, and everything before it, is committed; or with why it is not.
  using Committed = std::move_only_function<void(const base::Result<>&)>;
  using Step = std::move_only_function<group::Outcome(group::GroupMachine&, const group::Now&)>;
  using ParkingStep = std::move_only_function<group::Outcome(group::GroupMachine&,
                                                             group::ReplyToken, const group::Now&)>;

  // `image` outlives the shard. A reply that waits for a commit waits for `commit_timeout` at most,
  // and is COORDINATOR_NOT_AVAILABLE then.
  GroupShard(env::World& world, const group::GroupSettings& settings, env::Duration commit_timeout,
             const ImageHolder& image, std::shared_ptr<replica::Partition> partition);

  // Reads the partition into the machine, on the log directory's work queue; until then requests
  // get COORDINATOR_LOAD_IN_PROGRESS.
  void start_loading();

  // Lets the machine decide, appends, and calls `committed` when that is safe.
  void run(Step step, Committed committed);
  // The same for a request whose reply may come later, with another request's decision.
  void park(ParkingStep step, ReplyHandler reply);
  // Forgets the offsets of topics that the newest image does not have. Happens by itself at the end
  // of loading: what was deleted meanwhile, or just before a crash, is not missed.
  void forget_gone_topics();
  // Those who wait get NOT_COORDINATOR, and so does every later call.
  void resign();

 private:
  enum class State : std::uint8_t { kLoading, kActive, kFailed, kResigned };

  void finish_loading(std::unique_ptr<group::GroupMachine> machine, base::Result<> loaded);
  [[nodiscard]] base::Result<> check_active_locked() const;
  // What is to be done once the lock is free.
  struct Decided {
    base::Result<record::JournalEnd> end;
    std::vector<std::pair<ReplyHandler, group::Response>> replies;
    std::vector<ReplyHandler> given_up;
  };
  // Lets the machine decide, appends, and takes out the reply handlers of the outcome.
  Decided decide_locked(const std::function<group::Outcome(group::GroupMachine&)>& step);
  Decided append_locked(group::Outcome outcome);
  // The machine is ahead of its log: what it says is not to be trusted any more.
  void give_up_machine_locked(Decided& decided);
  void give(Decided step, Committed committed);
  void arm_timer_locked();
  void on_timer();
  group::Now now() const;

  env::World& world_;
  const group::GroupSettings settings_;
  const ImageHolder& image_;
  const std::shared_ptr<replica::Partition> partition_;
  replica::PartitionJournal journal_;
  const std::shared_ptr<CommitWaits> commit_waits_;

  std::mutex mutex_;
  State state_ = State::kLoading;
  std::unique_ptr<group::GroupMachine> machine_;
  // Of the journal when the machine was loaded from it.
  std::uint64_t take_backs_ = 0;
  std::unordered_map<group::ReplyToken, ReplyHandler> waiting_;
  group::ReplyToken next_token_ = 1;
  env::Executor::TimerId timer_ = 0;
  std::optional<base::Timestamp> timer_deadline_;
};

}  // namespace odradek::broker
