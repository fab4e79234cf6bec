// SPDX-License-Identifier: Apache-2.0
#include "log/recovery/batch_walker.h"

#include <algorithm>

#include "base/bytes.h"

namespace odradek::log::recovery {

namespace {

// Bits of the attributes that no batch has.
constexpr std::int16_t kUnusedAttributes = static_cast<std::int16_t>(0xFF80);

bool is_corrupt(const base::Error& error) { return error.code == base::ErrorCode::kCorruptMessage; }

}  // namespace

BatchWalker::BatchWalker(WalkRange range, std::size_t chunk_bytes)
    : range_(std::move(range)),
      scanner_(range_.file, range_.position, range_.end_position, chunk_bytes),
      position_(range_.position),
      next_(range_.position),
      expected_(range_.first_offset) {}

base::Result<std::optional<BatchWalker::Step>> BatchWalker::next() {
  position_ = next_;
  if (position_ >= range_.end_position) return std::nullopt;
  auto judged = judge(position_);
  if (!judged) return base::fail(std::move(judged));
  if (const auto* header = std::get_if<record::BatchHeader>(&*judged)) {
    pass(*header);
    return *header;
  }
  auto damage = measure(std::get<DamageKind>(*judged));
  if (!damage) return base::fail(std::move(damage));
  next_ = damage->end_position;
  expected_ = damage->end_offset;
  return *damage;
}

base::Result<std::optional<record::BatchHeader>> BatchWalker::next_batch() {
  position_ = next_;
  if (position_ >= range_.end_position) return std::nullopt;
  auto judged = judge(position_);
  if (!judged) return base::fail(std::move(judged));
  const auto* header = std::get_if<record::BatchHeader>(&*judged);
  if (header == nullptr) {
    return base::fail(base::ErrorCode::kCorruptMessage,
                      std::string(words_of(std::get<DamageKind>(*judged))));
  }
  pass(*header);
  return *header;
}

void BatchWalker::pass(const record::BatchHeader& header) {
  next_ = position_ + header.total_size();
  expected_ = header.next_offset();
  last_epoch_ = header.leader_epoch();
}

base::Result<std::optional<record::BatchHeader>> BatchWalker::header_at(std::uint64_t position) {
  scanner_.seek(position);
  return scanner_.next();
}

bool BatchWalker::can_follow(const record::BatchHeader& header) const {
  return header.base_offset() >= expected_ && header.last_offset_delta() >= 0 &&
         header.last_offset() >= header.base_offset() && header.last_offset() < range_.end_offset;
}

base::Result<BatchWalker::Judged> BatchWalker::judge(std::uint64_t position) {
  auto header = header_at(position);
  if (!header && !is_corrupt(header.error())) return base::fail(std::move(header));
  if (!header) return DamageKind::kNoBatch;
  if (!*header) return DamageKind::kIncomplete;
  if (!can_follow(**header)) return DamageKind::kOffsets;
  if (range_.epochs != nullptr && (*header)->leader_epoch() != base::kNoLeaderEpoch) {
    const base::LeaderEpoch known = range_.epochs->epoch_of((*header)->base_offset());
    if (known != base::kNoLeaderEpoch && known != (*header)->leader_epoch()) {
      auto is_alone = is_alone_with_epoch(**header, position + (*header)->total_size());
      if (!is_alone) return base::fail(std::move(is_alone));
      if (*is_alone) return DamageKind::kEpoch;
      header = header_at(position);  // the look ahead moved it
      if (!header || !*header) return base::fail(std::move(header));
    }
  }
  if ((*header)->base_offset() > expected_) {
    auto is_belied = is_belied_by_next(**header, position + (*header)->total_size());
    if (!is_belied) return base::fail(std::move(is_belied));
    if (*is_belied) return DamageKind::kOffsets;
    header = header_at(position);  // the look ahead moved it
    if (!header || !*header) return base::fail(std::move(header));
  }
  if ((*header)->next_offset() <= range_.whole_from) return **header;
  auto wrong = check_whole();
  if (!wrong) return base::fail(std::move(wrong));
  if (*wrong) return **wrong;
  // The whole may have moved what the header views.
  auto current = scanner_.current();
  if (!current) return base::fail(std::move(current));
  return *current;
}

base::Result<std::optional<DamageKind>> BatchWalker::check_whole() {
  auto batch = scanner_.whole();
  if (!batch && !is_corrupt(batch.error())) return base::fail(std::move(batch));
  if (!batch) return DamageKind::kIncomplete;
  if (!batch->crc_matches()) return DamageKind::kChecksum;
  return std::nullopt;
}

base::Result<bool> BatchWalker::is_belied_by_next(const record::BatchHeader& header,
                                                  std::uint64_t next) {
  const base::Offset end = header.next_offset();
  auto following = header_at(next);
  if (!following && !is_corrupt(following.error())) return base::fail(std::move(following));
  return following && *following && (*following)->base_offset() >= expected_ &&
         (*following)->base_offset() < end;
}

// The epoch is no part of what the checksum covers. Where a neighbour has the same one, it is the
// epochs' file that is wrong.
base::Result<bool> BatchWalker::is_alone_with_epoch(const record::BatchHeader& header,
                                                    std::uint64_t next) {
  const base::LeaderEpoch epoch = header.leader_epoch();
  if (epoch == last_epoch_) return false;
  auto following = header_at(next);
  if (!following && !is_corrupt(following.error())) return base::fail(std::move(following));
  return !following || !*following || (*following)->leader_epoch() != epoch;
}

base::Result<Damage> BatchWalker::measure(DamageKind kind) {
  Damage damage{.kind = kind,
                .position = position_,
                .end_position = range_.end_position,
                .first_offset = expected_,
                .end_offset = std::max(range_.end_offset, expected_)};
  std::optional<std::uint64_t> behind;
  auto header = header_at(position_);
  if (!header && !is_corrupt(header.error())) return base::fail(std::move(header));
  if (header && *header) {
    const std::uint64_t end = position_ + (*header)->total_size();
    const base::Offset end_offset = (*header)->next_offset();
    auto is_whole = is_whole_batch_at(end);
    if (!is_whole) return base::fail(std::move(is_whole));
    if (*is_whole) behind = end;
    // A batch that ends where the file does is known to hold no more than it says.
    if (kind == DamageKind::kChecksum && end == range_.end_position) {
      damage.end_offset = end_offset;
      return damage;
    }
  }
  if (!behind) {
    auto found = find_batch(position_ + 1);
    if (!found) return base::fail(std::move(found));
    behind = *found;
  }
  if (!behind) return damage;
  auto following = header_at(*behind);
  if (!following || !*following) return base::fail(std::move(following));
  damage.end_position = *behind;
  damage.end_offset = (*following)->base_offset();
  return damage;
}

base::Result<bool> BatchWalker::is_whole_batch_at(std::uint64_t position) {
  if (position >= range_.end_position) return false;
  auto header = header_at(position);
  if (!header && !is_corrupt(header.error())) return base::fail(std::move(header));
  if (!header || !*header || !can_follow(**header)) return false;
  auto wrong = check_whole();
  if (!wrong) return base::fail(std::move(wrong));
  return !*wrong;
}

bool BatchWalker::may_be_header(const std::uint8_t* bytes, std::uint64_t position) const {
  if (bytes[record::position::kMagic] != record::kMagic) return false;
  const auto length = base::load_big_endian<std::int32_t>(bytes + record::position::kLength);
  const auto attributes =
      base::load_big_endian<std::int16_t>(bytes + record::position::kAttributes);
  return length >= static_cast<std::int32_t>(record::kBatchHeaderSize - record::kLogOverhead) &&
         position + record::kLogOverhead + static_cast<std::uint64_t>(length) <=
             range_.end_position &&
         (attributes & kUnusedAttributes) == 0;
}

base::Result<std::optional<std::uint64_t>> BatchWalker::find_batch(std::uint64_t from) {
  std::vector<std::uint8_t> chunk(BatchScanner::kReplayChunkBytes);
  while (from + record::kBatchHeaderSize <= range_.end_position) {
    const std::size_t wanted = std::min<std::uint64_t>(chunk.size(), range_.end_position - from);
    auto read = range_.file->read_at(from, std::span(chunk).first(wanted));
    if (!read) return base::fail(std::move(read));
    if (*read < record::kBatchHeaderSize) break;
    const std::size_t starts = *read - record::kBatchHeaderSize + 1;
    for (std::size_t i = 0; i < starts; ++i) {
      if (!may_be_header(chunk.data() + i, from + i)) continue;
      auto is_whole = is_whole_batch_at(from + i);
      if (!is_whole) return base::fail(std::move(is_whole));
      if (*is_whole) return from + i;
    }
    from += starts;
  }
  return std::nullopt;
}

}  // namespace odradek::log::recovery
