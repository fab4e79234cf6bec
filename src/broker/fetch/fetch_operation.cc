// SPDX-License-Identifier: Apache-2.0
#include "broker/fetch/fetch_operation.h"

#include <algorithm>
#include <utility>

#include "broker/api/current_leaders.h"
#include "broker/api/topic_lookup.h"
#include "broker/fetch/nearest_replica.h"
#include "broker/replication/replication.h"
#include "env/disk.h"
#include "log/directory/log_directory.h"
#include "replica/partition_set.h"

namespace odradek::broker {

using base::ErrorCode;
using wire::FetchResponse;

namespace {

// A partition that is not there does not end the wait for the others: a client that goes on asking
// for a deleted one must not turn in a circle.
void set_unknown(ErrorCode code, FetchResponse::PartitionData& data) {
  data.error_code = code;
  data.aborted_transactions.emplace();  // empty, not null, as Kafka has it
}

void show(const replica::OffsetSnapshot& offsets, FetchResponse::PartitionData& data) {
  data.high_watermark = offsets.high_watermark;
  data.last_stable_offset = offsets.last_stable_offset;
  data.log_start_offset = offsets.log_start_offset;
}

// Below the last stable offset.
base::Result<> show_aborted(replica::Partition& partition, base::Offset from,
                            FetchResponse::PartitionData& data) {
  data.aborted_transactions.emplace();
  auto aborted = partition.log().aborted_transactions(from, data.last_stable_offset);
  if (!aborted) return base::fail(std::move(aborted));
  for (const auto& transaction : *aborted) {
    data.aborted_transactions->push_back({transaction.producer_id, transaction.first_offset});
  }
  return {};
}

bool is_in_range(replica::Partition& partition, base::Offset offset) {
  return offset >= partition.log().log_start_offset() && offset <= partition.log().log_end_offset();
}

}  // namespace

FetchOperation::FetchOperation(Services& services, Responder<FetchResponse> responder,
                               std::vector<FetchTargetRef> targets, FetchLimits limits,
                               std::shared_ptr<FetchSession> session, bool is_incremental)
    : services_(services),
      responder_(std::move(responder)),
      targets_(std::move(targets)),
      limits_(std::move(limits)),
      session_(std::move(session)),
      is_incremental_(is_incremental),
      wait_is_over_(limits_.max_wait_ms <= 0) {}

void FetchOperation::start() {
  if (session_) {
    const FetchingReplica replica = limits_.replica.value_or(FetchingReplica{});
    targets_ = session_->begin(shared_from_this(),
                               {.isolation = limits_.isolation,
                                .readable = limits_.readable,
                                .replica = replica.broker,
                                .broker_epoch = replica.broker_epoch,
                                .rack = limits_.rack},
                               services_.world.clock().monotonic());
  }
  attempt();
}

void FetchOperation::wake() {
  if (wake_posted_.exchange(true)) return;
  loop().post([self = shared_from_this()] {
    self->wake_posted_.store(false);
    self->attempt();
  });
}

void FetchOperation::attempt() {
  while (!answered_) {
    unpark();
    Gathered gathered = gather();
    if (wait_is_over_ || services_.stopping || gathered.must_answer ||
        gathered.bytes >= limits_.min_bytes) {
      if (gathered.throttled_bytes > 0) {
        services_.replication.leader_quota().record(
            static_cast<std::uint64_t>(gathered.throttled_bytes),
            services_.world.clock().monotonic());
      }
      answer(std::move(gathered.response));
      return;
    }
    if (park(gathered)) return;
  }
}

FetchOperation::Gathered FetchOperation::gather() {
  seen_.clear();
  cold_.clear();
  if (session_) {
    std::ranges::move(session_->take_fresh(shared_from_this()), std::back_inserter(targets_));
  }
  Gathered gathered;
  for (const FetchTargetRef& target : targets_) {
    auto& topics = gathered.response.responses;
    if (topics.empty() || topics.back().topic != target->topic ||
        topics.back().topic_id != target->topic_id) {
      auto& topic = topics.emplace_back();
      topic.topic = target->topic;
      topic.topic_id = target->topic_id;
    }
    auto& data = topics.back().partitions.emplace_back();
    data.partition_index = target->partition.partition;
    data.high_watermark = base::kNoOffset;
    data.aborted_transactions.reset();
    data.records.emplace();
    gather_partition(target, gathered, data);
  }
  is_noted_ = true;
  gathered.must_answer |= seen_.empty() && !(session_ && session_->has_rest());
  return gathered;
}

void FetchOperation::gather_partition(const FetchTargetRef& wanted, Gathered& gathered,
                                      FetchResponse::PartitionData& data) {
  const FetchTarget& target = *wanted;
  const auto image = services_.image.load();
  const bool by_id = responder_.context().version >= 13;
  const auto topic = api::find_topic(*image, by_id, target.topic, target.topic_id);
  if (!topic) {
    set_unknown(topic.error().code, data);
    gathered.must_answer |= limits_.replica.has_value();
    return;
  }
  auto partition = services_.partitions.find((*topic)->id, target.partition.partition);
  if (partition == nullptr) {
    const ErrorCode code =
        api::missing_partition_error(services_, **topic, target.partition.partition).code;
    set_unknown(code, data);
    // Who has the wrong broker is told at once, to ask the right one.
    gathered.must_answer |= limits_.replica || code != ErrorCode::kUnknownTopicOrPartition;
    return;
  }
  // Before anything is read: what is read afterwards may only be more than that.
  const base::Offset written_end = partition->visible_end(replica::Isolation::kLogEnd);
  const std::size_t held_back_before = gathered.held_back;
  read_partition(partition, wanted, gathered, data);
  gathered.must_answer |= data.error_code != ErrorCode::kNone;
  Seen seen{partition, data.high_watermark, replica::Partition::kAnyHighWatermark, wanted, {}};
  if (gathered.held_back > held_back_before) {
    // Nothing that is new there is to be sent now.
    seen.visible_end = replica::Partition::kAnyHighWatermark;
    seen_.push_back(std::move(seen));
    return;
  }
  if (limits_.isolation == replica::Isolation::kReadCommitted) {
    seen.visible_end = data.last_stable_offset;
  } else if (limits_.replica) {
    seen.visible_end = written_end;
    seen.known_high_watermark = target.partition.high_watermark;
    gathered.must_answer |= data.high_watermark > seen.known_high_watermark;
  }
  if (session_) seen.settled = settled(*partition, target, seen.visible_end, data);
  seen_.push_back(std::move(seen));
}

std::optional<replica::Settled> FetchOperation::settled(
    const replica::Partition& partition, const FetchTarget& target, base::Offset visible_end,
    const FetchResponse::PartitionData& data) const {
  const bool has_something = data.error_code != ErrorCode::kNone || !data.records->empty() ||
                             data.diverging_epoch.epoch != base::kNoLeaderEpoch ||
                             data.preferred_read_replica != base::kNoBroker ||
                             target.partition.fetch_offset < visible_end;
  // Who it is to read from depends on more than the partition.
  if (has_something || !limits_.rack.empty()) return std::nullopt;
  // Each fetch of a follower that is to come into the set, or back, may be the one that brings it
  // there.
  const auto follower = limits_.replica ? limits_.replica->broker : base::kNoBroker;
  if (limits_.replica && !partition.is_in_sync(follower)) return std::nullopt;
  return replica::Settled{.isolation = limits_.isolation,
                          .readable = limits_.readable,
                          .current_leader_epoch = target.partition.current_leader_epoch,
                          .visible_end = visible_end,
                          .high_watermark = data.high_watermark,
                          .log_start_offset = data.log_start_offset,
                          .follower = follower};
}

base::Result<> FetchOperation::note_replica(const std::shared_ptr<replica::Partition>& partition,
                                            const FetchTarget& target) {
  const auto& wanted = target.partition;
  auto noted = partition->fetched({.follower = limits_.replica->broker,
                                   .broker_epoch = limits_.replica->broker_epoch,
                                   .end = wanted.fetch_offset,
                                   .log_start = wanted.log_start_offset},
                                  wanted.current_leader_epoch);
  if (noted && partition->lacks_in_sync()) services_.replication.note_fetch(partition);
  return noted;
}

void FetchOperation::read_partition(const std::shared_ptr<replica::Partition>& found,
                                    const FetchTargetRef& target_ref, Gathered& gathered,
                                    FetchResponse::PartitionData& data) {
  replica::Partition& partition = *found;
  const FetchTarget& target = *target_ref;
  const auto& wanted = target.partition;
  if (auto server = partition.check_readable(wanted.current_leader_epoch, limits_.readable);
      !server) {
    data.error_code = server.error().code;
    return;
  }
  if (check_divergence(partition, target, data)) {
    gathered.must_answer = true;
    return;
  }
  // A follower's end moves the high watermark that it is told.
  if (limits_.replica && !is_noted_ && is_in_range(partition, wanted.fetch_offset)) {
    if (auto noted = note_replica(found, target); !noted) {
      data.error_code = noted.error().code;
      return;
    }
  }
  // The offsets first: what is read afterwards may only be more than they say.
  const replica::OffsetSnapshot offsets = partition.offsets();
  data.preferred_read_replica = preferred_replica(partition, target);
  if (data.preferred_read_replica != base::kNoBroker) {
    show(offsets, data);
    gathered.must_answer = true;
    return;
  }
  const std::int64_t left = std::max<std::int64_t>(limits_.max_bytes - gathered.bytes, 0);
  const auto most = allowed_bytes(partition,
                                  static_cast<std::uint64_t>(std::min<std::int64_t>(
                                      left, std::max(wanted.partition_max_bytes, 0))),
                                  gathered);
  if (!most) {
    ++gathered.held_back;
    return show(offsets, data);
  }
  ColdRange cold{.partition = found,
                 .range = {},
                 .target = target_ref,
                 .max_bytes = *most,
                 .at_least_one_batch = gathered.bytes == 0};
  auto read = partition.read(wanted.fetch_offset, limits_.isolation, wanted.current_leader_epoch,
                             cold.max_bytes, cold.at_least_one_batch,
                             log::ReadMode::kWithoutWaiting, limits_.readable);
  if (!read) {
    data.error_code = read.error().code;
    return;
  }
  show(offsets, data);
  if (limits_.isolation == replica::Isolation::kReadCommitted) {
    if (auto shown = show_aborted(partition, wanted.fetch_offset, data); !shown) {
      data.error_code = shown.error().code;
      return;
    }
  }
  gathered.bytes += static_cast<std::int64_t>(read->bytes.length);
  if (limits_.replica && partition.throttled().as_leader) {
    gathered.throttled_bytes += static_cast<std::int64_t>(read->bytes.length);
  }
  // What is there is known only once it was looked at.
  gathered.must_answer |= read->must_wait && read->bytes.length == 0;
  note_cold(std::move(cold), *read);
  base::OutputChain chain;
  chain.append(std::move(read->bytes));
  data.records = wire::Records(std::move(chain));
}

base::BrokerId FetchOperation::preferred_replica(replica::Partition& partition,
                                                 const FetchTarget& target) const {
  if (limits_.rack.empty()) return base::kNoBroker;
  const auto holders = partition.holders_of(target.partition.fetch_offset);
  if (holders.empty()) return base::kNoBroker;
  const RackReader reader{limits_.rack, services_.node_id,
                          responder_.context().connection->listener};
  return nearest_replica(*services_.image.load(), reader, holders);
}

void FetchOperation::note_cold(ColdRange cold, const log::ReadInfo& read) {
  const base::FileRange& range = read.bytes;
  const auto is_cached = [&range] {
    return static_cast<const env::File&>(*range.file).is_cached(range.position, range.length);
  };
  if (!read.must_wait && (range.length == 0 || is_cached())) return;
  cold.range = range;
  cold.must_check = read.must_wait;
  cold.until = read.until;
  cold_.push_back(std::move(cold));
}

bool FetchOperation::check_divergence(replica::Partition& partition, const FetchTarget& target,
                                      FetchResponse::PartitionData& data) {
  const base::LeaderEpoch fetched = target.partition.last_fetched_epoch;
  if (fetched == base::kNoLeaderEpoch) return false;
  const log::EpochEndOffset end = partition.log().end_offset_for_epoch(fetched);
  if (end.end_offset == base::kNoOffset) {
    data.error_code = ErrorCode::kOffsetOutOfRange;
    return true;
  }
  if (end.leader_epoch >= fetched && end.end_offset >= target.partition.fetch_offset) return false;
  data.diverging_epoch.epoch = end.leader_epoch;
  data.diverging_epoch.end_offset = end.end_offset;
  return true;
}

std::optional<std::uint64_t> FetchOperation::allowed_bytes(replica::Partition& partition,
                                                           std::uint64_t most,
                                                           const Gathered& gathered) const {
  if (!limits_.replica || !partition.throttled().as_leader) return most;
  replica::ReplicationQuota& quota = services_.replication.leader_quota();
  if (!quota.is_limited() || partition.is_in_sync(limits_.replica->broker)) return most;
  const std::uint64_t allowed = quota.allowed_bytes(services_.world.clock().monotonic());
  const auto taken = static_cast<std::uint64_t>(gathered.throttled_bytes);
  if (allowed <= taken) return std::nullopt;
  return std::min(most, allowed - taken);
}

bool FetchOperation::park(const Gathered& gathered) {
  for (const Seen& seen : seen_) {
    const auto watch =
        seen.partition->watch(shared_from_this(), limits_.isolation, seen.visible_end,
                              seen.known_high_watermark, limits_.readable);
    if (watch == 0) {
      unpark();
      return false;
    }
    parked_.push_back({seen.partition, watch});
  }
  seen_.clear();
  if (gathered.held_back > 0) look_again_when_allowed();
  if (timer_ == 0) {
    timer_ = loop().run_after(std::chrono::milliseconds(limits_.max_wait_ms),
                              [self = shared_from_this()] {
                                self->wait_is_over_ = true;
                                self->attempt();
                              });
  }
  return true;
}

void FetchOperation::look_again_when_allowed() {
  if (throttle_timer_ != 0) return;
  const env::Duration wait =
      services_.replication.leader_quota().wait(services_.world.clock().monotonic());
  throttle_timer_ = loop().run_after(std::max<env::Duration>(wait, std::chrono::milliseconds(1)),
                                     [self = shared_from_this()] {
                                       self->throttle_timer_ = 0;
                                       self->attempt();
                                     });
}

void FetchOperation::unpark() {
  for (const Parked& parked : parked_) parked.partition->unwatch(parked.watch);
  parked_.clear();
}

void FetchOperation::answer(FetchResponse response) {
  answered_ = true;
  if (timer_ != 0) loop().cancel(timer_);
  if (throttle_timer_ != 0) loop().cancel(throttle_timer_);
  if (session_) settle_session(response);
  seen_.clear();
  api::add_current_leaders(services_, responder_.context(), response);
  response_ = std::move(response);
  load_next_then_send();
}

void FetchOperation::settle_session(FetchResponse& response) {
  response.session_id = session_->id();
  std::vector<FetchSession::Rest> at_rest;
  for (Seen& seen : seen_) {
    if (!seen.settled) continue;
    at_rest.push_back({seen.target, seen.partition, *std::move(seen.settled)});
  }
  session_->finish(shared_from_this(), response, is_incremental_, std::move(at_rest));
}

void FetchOperation::load_next_then_send() {
  if (cold_.empty()) {
    responder_.send(response_);
    return;
  }
  ColdRange cold = std::move(cold_.back());
  cold_.pop_back();
  log::Log& log = cold.partition->log();
  log.directory().work_queue().submit([self = shared_from_this(), &log, cold = std::move(cold)] {
    const base::FileRange& range = cold.range;
    if (range.length > 0) {
      static_cast<env::File&>(*range.file).load_into_cache(range.position, range.length);
    }
    std::optional<base::Result<log::ReadInfo>> read;
    if (cold.must_check) {
      read = cold.partition->as_replica(log.read(cold.target->partition.fetch_offset, cold.until,
                                                 cold.max_bytes, cold.at_least_one_batch));
    }
    self->loop().post([self, target = cold.target, read = std::move(read)]() mutable {
      if (read) self->replace_records(*target, *std::move(read));
      self->load_next_then_send();
    });
  });
}

void FetchOperation::replace_records(const FetchTarget& target, base::Result<log::ReadInfo> read) {
  for (auto& topic : response_.responses) {
    if (topic.topic != target.topic || topic.topic_id != target.topic_id) continue;
    for (auto& data : topic.partitions) {
      if (data.partition_index != target.partition.partition) continue;
      base::OutputChain chain;
      if (!read) {
        data.error_code = read.error().code;
      } else if (read->bytes.length > 0) {
        chain.append(std::move(read->bytes));
      }
      data.records = wire::Records(std::move(chain));
    }
  }
}

}  // namespace odradek::broker
