// SPDX-License-Identifier: Apache-2.0
#include "broker/runtime/group/group_shard.h"

#include <fmt/core.h>

#include <utility>

#include "base/log.h"
#include "broker/runtime/group/group_loader.h"
#include "log/directory/log_directory.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;

constexpr std::string_view kArea = "groups";

// The group protocol's name for what happened to the partition behind it.
base::Error to_coordinator_error(const base::Error& error) {
  switch (error.code) {
    case ErrorCode::kNotLeaderOrFollower:
    case ErrorCode::kKafkaStorageError:
    case ErrorCode::kUnknownTopicOrPartition:
      return {ErrorCode::kNotCoordinator, error.message, error.os_error};
    case ErrorCode::kNotEnoughReplicas:
    case ErrorCode::kRequestTimedOut:
      return {ErrorCode::kCoordinatorNotAvailable, error.message, error.os_error};
    case ErrorCode::kMessageTooLarge:
      return {ErrorCode::kUnknownServerError, error.message, error.os_error};
    default:
      return error;
  }
}

std::string random_suffix(env::Random& random) {
  const std::uint64_t high = random.next();
  const base::Uuid id = base::Uuid::from_random(high, random.next());
  std::string text;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", id.bytes[i]);
  }
  return text;
}

}  // namespace

GroupShard::GroupShard(env::World& world, const group::GroupSettings& settings,
                       env::Duration commit_timeout, const ImageHolder& image,
                       std::shared_ptr<replica::Partition> partition)
    : world_(world),
      settings_(settings),
      image_(image),
      partition_(std::move(partition)),
      journal_(partition_),
      commit_waits_(std::make_shared<CommitWaits>(world, partition_, commit_timeout)) {}

group::Now GroupShard::now() const {
  const auto monotonic = std::chrono::duration_cast<std::chrono::milliseconds>(
      world_.clock().monotonic().time_since_epoch());
  return {world_.clock().wall(), base::Timestamp(monotonic.count())};
}

void GroupShard::start_loading() {
  // Before anything is read: what is taken back later is seen, and read again.
  const std::uint64_t take_backs = journal_.end().take_backs;
  {
    const std::lock_guard lock(mutex_);
    take_backs_ = take_backs;
  }
  auto machine = std::make_unique<group::GroupMachine>(
      settings_, [this] { return random_suffix(world_.random()); });
  if (partition_->log().log_start_offset() == partition_->log().log_end_offset()) {
    finish_loading(std::move(machine), {});
    return;
  }
  partition_->log().directory().work_queue().submit(
      [self = shared_from_this(), machine = std::move(machine)]() mutable {
        auto loaded = load_groups(self->partition_->log(), *machine);
        self->finish_loading(std::move(machine), std::move(loaded));
      });
}

void GroupShard::finish_loading(std::unique_ptr<group::GroupMachine> machine,
                                base::Result<> loaded) {
  if (!loaded) {
    base::log::error(kArea, "{} could not be read, its groups are not served: {}",
                     partition_->name().to_string(), loaded.error().message);
  }
  {
    const std::lock_guard lock(mutex_);
    if (state_ == State::kResigned) return;
    state_ = loaded ? State::kActive : State::kFailed;
    if (!loaded) return;
    machine->loaded(now());
    machine_ = std::move(machine);
    arm_timer_locked();
  }
  forget_gone_topics();
}

base::Result<> GroupShard::check_active_locked() const {
  switch (state_) {
    case State::kActive:
      return {};
    case State::kLoading:
      return base::fail(ErrorCode::kCoordinatorLoadInProgress);
    case State::kFailed:
      return base::fail(ErrorCode::kCoordinatorNotAvailable);
    case State::kResigned:
      break;
  }
  return base::fail(ErrorCode::kNotCoordinator);
}

GroupShard::Decided GroupShard::decide_locked(
    const std::function<group::Outcome(group::GroupMachine&)>& step) {
  const record::JournalEnd end = journal_.end();
  if (end.take_backs == take_backs_) return append_locked(step(*machine_));
  Decided decided;
  decided.end = base::fail(ErrorCode::kCoordinatorLoadInProgress,
                           "records of its groups were taken back: they are read again");
  give_up_machine_locked(decided);
  return decided;
}

GroupShard::Decided GroupShard::append_locked(group::Outcome outcome) {
  Decided decided;
  decided.end = journal_.end();
  if (!outcome.records.empty()) {
    const base::Timestamp wall = world_.clock().wall();
    decided.end = outcome.is_divisible ? journal_.append_each(std::move(outcome.records), wall)
                                       : journal_.append(std::move(outcome.records), wall);
  }
  for (group::LateReply& reply : outcome.replies) {
    auto handler = waiting_.extract(reply.token);
    if (!handler.empty()) {
      decided.replies.emplace_back(std::move(handler.mapped()), std::move(reply.response));
    }
  }
  if (decided.end) {
    arm_timer_locked();
    return decided;
  }
  give_up_machine_locked(decided);
  return decided;
}

void GroupShard::give_up_machine_locked(Decided& decided) {
  for (auto& [token, handler] : waiting_) decided.given_up.push_back(std::move(handler));
  waiting_.clear();
  machine_.reset();
  state_ = State::kLoading;
}

void GroupShard::give(Decided decided, Committed committed) {
  if (!decided.end) {
    const base::Error error = to_coordinator_error(decided.end.error());
    base::log::error(kArea, "{} can't be written: {}", partition_->name().to_string(),
                     decided.end.error().message);
    if (committed) committed(std::unexpected(error));
    for (auto& [handler, response] : decided.replies) handler(std::unexpected(error));
    for (auto& handler : decided.given_up) handler(std::unexpected(error));
    start_loading();
    return;
  }
  journal_.write_out();
  if (!committed && decided.replies.empty()) return;
  commit_waits_->add({decided.end->offset, decided.end->take_backs},
                     [replies = std::move(decided.replies),
                      committed = std::move(committed)](base::Result<> result) mutable {
                       if (!result) result = std::unexpected(to_coordinator_error(result.error()));
                       if (committed) committed(result);
                       for (auto& [handler, response] : replies) {
                         if (result) {
                           handler(std::move(response));
                         } else {
                           handler(std::unexpected(result.error()));
                         }
                       }
                     });
}

void GroupShard::run(Step step, Committed committed) {
  Decided decided;
  {
    std::unique_lock lock(mutex_);
    if (auto active = check_active_locked(); !active) {
      lock.unlock();
      committed(active);
      return;
    }
    decided = decide_locked([&](group::GroupMachine& machine) { return step(machine, now()); });
  }
  give(std::move(decided), std::move(committed));
}

void GroupShard::park(ParkingStep step, ReplyHandler reply) {
  Decided decided;
  {
    std::unique_lock lock(mutex_);
    if (auto active = check_active_locked(); !active) {
      lock.unlock();
      reply(std::unexpected(active.error()));
      return;
    }
    const group::ReplyToken token = next_token_++;
    waiting_.emplace(token, std::move(reply));
    decided =
        decide_locked([&](group::GroupMachine& machine) { return step(machine, token, now()); });
  }
  give(std::move(decided), nullptr);
}

void GroupShard::forget_gone_topics() {
  run(
      [this](group::GroupMachine& machine, const group::Now&) {
        return machine.forget_offsets(
            [image = image_.load()](const std::string& name, const base::TopicId& id) {
              const auto& topic = image->find_topic(name);
              return topic == nullptr || (id != base::TopicId{} && id != topic->id);
            });
      },
      [](const base::Result<>&) {});
}

void GroupShard::resign() {
  std::unordered_map<group::ReplyToken, ReplyHandler> waiting;
  {
    const std::lock_guard lock(mutex_);
    state_ = State::kResigned;
    machine_.reset();
    waiting.swap(waiting_);
    if (timer_ != 0) world_.loop(0).cancel(timer_);
    timer_ = 0;
  }
  for (auto& [token, handler] : waiting) handler(base::fail(ErrorCode::kNotCoordinator));
}

void GroupShard::arm_timer_locked() {
  const auto deadline = machine_->next_deadline();
  if (!deadline || (timer_deadline_ && *timer_deadline_ <= *deadline)) return;
  env::Executor& loop = world_.loop(0);
  if (timer_ != 0) loop.cancel(timer_);
  timer_deadline_ = deadline;
  const auto delay = std::max<std::int64_t>(deadline->value() - now().monotonic.value(), 0);
  timer_ = loop.run_after(std::chrono::milliseconds(delay), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->on_timer();
  });
}

void GroupShard::on_timer() {
  Decided decided;
  {
    const std::lock_guard lock(mutex_);
    timer_ = 0;
    timer_deadline_.reset();
    if (state_ != State::kActive) return;
    decided = decide_locked([&](group::GroupMachine& machine) { return machine.tick(now()); });
  }
  give(std::move(decided), nullptr);
}

}  // namespace odradek::broker
