// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <utility>

#include "base/log.h"
#include "broker/replication/replica_fetcher.h"
#include "log/directory/log_directory.h"
#include "wire/messages/list_offsets.h"

// A follower whose end is no offset of its leader's log: asks where that begins and ends, and moves
// there.
namespace odradek::broker {
namespace {

using base::ErrorCode;
using base::Offset;
using wire::ListOffsetsRequest;
using wire::ListOffsetsResponse;

constexpr base::Timestamp kLatest{-1};
constexpr base::Timestamp kEarliest{-2};

base::Result<Offset> offset_in(const base::Result<ListOffsetsResponse>& response) {
  if (!response) return std::unexpected(response.error());
  if (response->topics.empty() || response->topics.front().partitions.empty()) {
    return base::fail(ErrorCode::kUnknownServerError, "the leader told no offset");
  }
  const auto& answer = response->topics.front().partitions.front();
  if (answer.error_code != ErrorCode::kNone) {
    return base::fail(answer.error_code, fmt::format("asked for its offsets, the leader answers {}",
                                                     base::error_name(answer.error_code)));
  }
  return answer.offset;
}

}  // namespace

void ReplicaFetcher::find_range(const Key& key, const Followed& followed) {
  // Until that is settled it is asked for nothing.
  plan_.back_off(key, env::MonotonicTime::max());
  ask_for_offset(key, followed, kLatest, [this, key, followed](base::Result<Offset> end) {
    if (!end) return retry_later(key, followed, end.error());
    ask_for_offset(key, followed, kEarliest,
                   [this, key, followed, end = *end](base::Result<Offset> start) {
                     if (!start) return retry_later(key, followed, start.error());
                     move_into_range(key, followed, *start, end);
                   });
  });
}

void ReplicaFetcher::ask_for_offset(const Key& key, const Followed& followed, base::Timestamp which,
                                    std::move_only_function<void(base::Result<Offset>)> handler) {
  ListOffsetsRequest request;
  request.replica_id = options_.fetch.self;
  auto& topic = request.topics.emplace_back();
  topic.name = followed.partition->name().topic;
  auto& partition = topic.partitions.emplace_back();
  partition.partition_index = key.second;
  partition.current_leader_epoch = followed.epoch;
  partition.timestamp = which;
  client().call<ListOffsetsResponse>(
      std::move(request), options_.socket_timeout,
      [weak = weak_from_this(), key, followed,
       handler = std::move(handler)](const base::Result<ListOffsetsResponse>& response) mutable {
        const auto self = weak.lock();
        if (!self || self->stopped_ || !self->still_follows(key, followed)) return;
        handler(offset_in(response));
        self->run();
      });
}

void ReplicaFetcher::move_into_range(const Key& key, const Followed& followed, Offset leader_start,
                                     Offset leader_end) {
  followed.partition->log().directory().work_queue().submit([self = shared_from_this(), key,
                                                             followed, leader_start, leader_end] {
    replica::Partition& partition = *followed.partition;
    const auto position = partition.position();
    const Offset end = partition.log().log_end_offset();
    base::Result<> moved;
    if (leader_start > end) {
      base::log::warn("replica",
                      "{}: begins anew at offset {}, where the leader's log begins; it ended at {}",
                      partition.name().to_string(), leader_start.value(), end.value());
      moved = partition.restart_at(leader_start, followed.epoch);
    } else if (leader_end < end) {
      base::log::warn("replica", "{}: cut from offset {} to {}, where the leader's log ends",
                      partition.name().to_string(), end.value(), leader_end.value());
      auto cut = partition.cut_to_leader({position.last_epoch, leader_end}, followed.epoch);
      if (!cut) moved = base::fail(std::move(cut));
    } else {
      moved =
          base::fail(ErrorCode::kOffsetOutOfRange,
                     fmt::format("offset {} in epoch {} is unknown to the leader, whose log has "
                                 "offsets {} to {}",
                                 end.value(), position.last_epoch.value(), leader_start.value(),
                                 leader_end.value()));
    }
    self->loop_.post([self, key, followed, moved = std::move(moved)] {
      if (self->stopped_ || !self->still_follows(key, followed)) return;
      moved ? self->go_on_when_safe(key, followed)
            : self->retry_later(key, followed, moved.error());
      self->run();
    });
  });
}

}  // namespace odradek::broker
