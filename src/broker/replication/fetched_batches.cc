// SPDX-License-Identifier: Apache-2.0
#include "broker/replication/fetched_batches.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/log.h"
#include "record/batch_header.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;
using wire::FetchResponse;

base::Result<> check_batch(const record::BatchView& batch) {
  if (batch.crc_matches()) return {};
  return base::fail(ErrorCode::kCorruptMessage,
                    fmt::format("the checksum of the leader's batch at offset {} is wrong",
                                batch.base_offset().value()));
}

// No append is larger than a segment: what the leader sent in one piece may be. Bytes of the
// batches at the front that fit into `most`, of one at least.
base::Result<std::size_t> front_of(base::ByteView batches, std::size_t most) {
  record::BatchIterator iterator(batches);
  std::size_t end = 0;
  for (;;) {
    auto batch = iterator.next();
    if (!batch) return base::fail(std::move(batch));
    if (!*batch || (end > 0 && iterator.position() > most)) return end;
    end = iterator.position();
  }
}

base::Result<> append(replica::Partition& partition, base::LeaderEpoch epoch,
                      const base::SharedBytes& batches, const FetchResponse::PartitionData& data) {
  const auto most = static_cast<std::size_t>(partition.log().config().segment_bytes);
  std::size_t done = 0;
  do {
    std::size_t size = batches.size() - done;
    if (size > most) {
      auto front = front_of(batches.view().subspan(done), most);
      if (!front) return base::fail(std::move(front));
      size = *front;
    }
    if (auto appended = partition.append_replicated({.batches = batches.slice(done, size),
                                                     .leader_epoch = epoch,
                                                     .high_watermark = data.high_watermark,
                                                     .log_start_offset = data.log_start_offset});
        !appended) {
      return appended;
    }
    done += size;
  } while (done < batches.size());
  return {};
}

base::Result<> cut(replica::Partition& partition, base::LeaderEpoch epoch,
                   const FetchResponse::EpochEndOffset& of_leader) {
  const base::Offset before = partition.log().log_end_offset();
  auto end = partition.cut_to_leader({of_leader.epoch, of_leader.end_offset}, epoch);
  if (!end) return base::fail(std::move(end));
  if (*end < before) {
    base::log::info("replica",
                    "{}: cut from offset {} to {}, for the leader's epoch {} ends at offset {}",
                    partition.name().to_string(), before.value(), end->value(),
                    of_leader.epoch.value(), of_leader.end_offset.value());
  }
  return {};
}

// Everything here is deleted at the leader, and what it has begins inside the batch: this log,
// which ends there, cannot take it behind what it has, so that goes first.
base::Result<> drop_what_is_deleted(log::Log& log, base::ByteView batches, base::Offset start) {
  const base::Offset end = log.log_end_offset();
  if (start < end || log.log_start_offset() == end) return {};
  const auto first = record::BatchIterator(batches).next();
  if (!first || !*first || (*first)->base_offset() >= end) return {};
  return log.delete_records(end, end);
}

// Where an empty log has to begin instead of where it does: its leader's log start lies inside a
// batch, and batches are copied whole.
std::optional<base::Offset> start_of_split_batch(const log::Log& log, base::ByteView batches) {
  const base::Offset end = log.log_end_offset();
  if (log.log_start_offset() != end) return std::nullopt;
  const auto first = record::BatchIterator(batches).next();
  if (!first || !*first || (*first)->base_offset() >= end || (*first)->last_offset() < end) {
    return std::nullopt;
  }
  return (*first)->base_offset();
}

}  // namespace

base::Result<base::SharedBytes> whole_batches(const base::SharedBytes& records) {
  record::BatchIterator batches(records.view());
  std::size_t end = 0;
  for (;;) {
    auto batch = batches.next();
    if (!batch) return base::fail(std::move(batch));
    if (!*batch) return records.slice(0, end);
    if (auto checked = check_batch(**batch); !checked) return base::fail(std::move(checked));
    end = batches.position();
  }
}

bool is_diverging(const FetchResponse::PartitionData& data) {
  return data.diverging_epoch.epoch != base::kNoLeaderEpoch ||
         data.diverging_epoch.end_offset != base::kNoOffset;
}

bool must_wait_for_disk(replica::Partition& partition, const FetchResponse::PartitionData& data) {
  if (data.error_code != ErrorCode::kNone) return false;
  if (is_diverging(data)) return true;
  if (data.log_start_offset > partition.log().log_start_offset()) return true;
  return data.records && start_of_split_batch(partition.log(), data.records->bytes().view());
}

base::Result<> take_fetched(replica::Partition& partition, base::LeaderEpoch epoch,
                            const FetchResponse::PartitionData& data) {
  if (data.error_code != ErrorCode::kNone) {
    return base::fail(data.error_code,
                      fmt::format("the leader answers {}", base::error_name(data.error_code)));
  }
  if (is_diverging(data)) return cut(partition, epoch, data.diverging_epoch);
  base::SharedBytes batches;
  if (data.records && !data.records->empty()) {
    auto whole = whole_batches(data.records->bytes());
    if (!whole) return base::fail(std::move(whole));
    batches = *std::move(whole);
  }
  if (auto dropped = drop_what_is_deleted(partition.log(), batches.view(), data.log_start_offset);
      !dropped) {
    return dropped;
  }
  if (const auto start = start_of_split_batch(partition.log(), batches.view())) {
    if (auto begun = partition.restart_at(*start, epoch); !begun) return begun;
  }
  return append(partition, epoch, batches, data);
}

}  // namespace odradek::broker
