// SPDX-License-Identifier: Apache-2.0
#include "quorum/zookeeper/change_log.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace odradek::quorum::zookeeper {
namespace {

// Changes asked for at once.
constexpr std::size_t kWindow = 64;

}  // namespace

void ChangeLog::resume(bool is_new) {
  if (is_new) {
    pointer_is_watched_ = false;
    watched_.reset();
  }
  is_running_ = false;
  begin();
}

void ChangeLog::catch_up(std::move_only_function<void()> done) {
  waiting_next_.push_back(std::move(done));
  begin();
}

void ChangeLog::begin() {
  if (is_damaged_ || !session_.is_connected()) return;
  if (is_running_) {
    again_ = true;
    return;
  }
  is_running_ = true;
  again_ = false;
  for (auto& waiting : std::exchange(waiting_next_, {})) waiting_.push_back(std::move(waiting));
  session_.sync([this](Outcome<> done) {
    if (!done) return on_passing(done.error());
    list();
  });
}

// A connection that is gone: `resume` begins again.
void ChangeLog::on_passing(const Failure& failure) {
  if (is_passing(failure) || failure.code == Code::kSessionExpired ||
      failure.code == Code::kClosed) {
    return;
  }
  damage({base::ErrorCode::kUnknownServerError, failure.message, 0});
}

void ChangeLog::list() {
  session_.children(path::kChanges, [this](Outcome<std::vector<std::string>> names) {
    if (!names) return on_passing(names.error());
    std::vector<base::Offset> offsets;
    for (const std::string& name : *names) {
      const auto offset = parse_change_name(name);
      if (offset && *offset >= next_) offsets.push_back(*offset);
    }
    read_pointer(std::move(offsets));
  });
}

// After the list: a snapshot is the one that counts before what it covers is cut off, so what the
// list lacks is in the snapshot that is found now, or in a newer one.
void ChangeLog::read_pointer(std::vector<base::Offset> offsets) {
  Watch watch;
  if (!std::exchange(pointer_is_watched_, true)) {
    watch = [this](WatchEvent) {
      pointer_is_watched_ = false;
      begin();
    };
  }
  session_.get(
      path::kSnapshotPointer,
      [this, offsets = std::move(offsets)](Outcome<Node> node) mutable {
        if (!node) {
          pointer_is_watched_ = false;
          return on_passing(node.error());
        }
        pointer_ = parse_snapshot_pointer(node->bytes.view());
        read_from(std::move(offsets));
      },
      std::move(watch));
}

void ChangeLog::read_from(std::vector<base::Offset> offsets) {
  std::erase_if(offsets, [this](base::Offset offset) { return offset < next_; });
  const bool has_next = !offsets.empty() && offsets.front() == next_;
  if (!has_next && pointer_ && pointer_->position.end_offset > next_) return read_snapshot();
  if (!has_next && !offsets.empty()) {
    return damage({base::ErrorCode::kCorruptMessage,
                   fmt::format("ZooKeeper's change log goes on at {}, expected is {}: what lies "
                               "between is missing",
                               offsets.front().value(), next_.value()),
                   0});
  }
  read_listed(std::make_shared<std::vector<base::Offset>>(std::move(offsets)), 0);
}

void ChangeLog::read_listed(std::shared_ptr<std::vector<base::Offset>> offsets, std::size_t from) {
  if (from == offsets->size()) return follow();
  const std::size_t end = std::min(from + kWindow, offsets->size());
  const auto is_cut_off = std::make_shared<bool>(false);
  for (std::size_t i = from; i < end; ++i) {
    session_.get(change_path((*offsets)[i]),
                 [this, offsets, is_cut_off, i, end](Outcome<Node> node) {
                   if (!is_running_ || is_damaged_) return;
                   // After a snapshot, while it was asked for: nothing behind the gap counts any
                   // more.
                   if (!node && node.error().code != Code::kNoNode) return on_passing(node.error());
                   *is_cut_off = *is_cut_off || !node;
                   if (!*is_cut_off && !deliver(node->bytes, (*offsets)[i])) return;
                   if (i + 1 != end) return;
                   if (*is_cut_off) return list();
                   read_listed(offsets, end);
                 });
  }
}

void ChangeLog::read_snapshot() {
  chunks_.clear();
  read_chunks();
}

void ChangeLog::read_chunks() {
  const int chunk = static_cast<int>(chunks_.size());
  if (chunk == pointer_->chunks) return finish_snapshot();
  session_.get(chunk_path(pointer_->position, chunk), [this](Outcome<Node> node) {
    if (node) {
      chunks_.push_back(std::move(node->bytes));
      return read_chunks();
    }
    // A newer snapshot took its place.
    if (node.error().code == Code::kNoNode) return list();
    on_passing(node.error());
  });
}

void ChangeLog::finish_snapshot() {
  Snapshot snapshot{pointer_->position, pointer_->timestamp, {}};
  for (const base::SharedBytes& chunk : std::exchange(chunks_, {})) {
    auto parsed = parse_batch(chunk, snapshot_path(snapshot.position));
    if (!parsed) return damage(std::move(parsed.error()));
    std::ranges::move(parsed->records, std::back_inserter(snapshot.records));
  }
  // Own changes taken meanwhile can be beyond it.
  if (snapshot.position.end_offset > next_) {
    position_ = snapshot.position;
    next_ = snapshot.position.end_offset;
    transaction_.reset();
    bytes_since_snapshot_ = 0;
    changes_since_snapshot_ = 0;
    handlers_.on_snapshot(std::move(snapshot));
  }
  list();
}

void ChangeLog::follow() {
  Watch watch;
  if (watched_ != next_) {
    watched_ = next_;
    watch = [this, offset = next_](WatchEvent) {
      if (watched_ == offset) watched_.reset();
      if (offset == next_ && !is_running_) read_next();
    };
  }
  session_.exists(
      change_path(next_),
      [this, offset = next_](Outcome<std::optional<Stat>> found) {
        if (!found) {
          watched_.reset();
          return on_passing(found.error());
        }
        is_running_ = false;
        if (*found && offset == next_) return read_next();
        if (again_) return begin();
        for (auto& waiting : std::exchange(waiting_, {})) waiting();
      },
      std::move(watch));
}

void ChangeLog::read_next() {
  if (is_damaged_) return;
  is_running_ = true;
  session_.get(change_path(next_), [this, offset = next_](Outcome<Node> node) {
    if (!node && node.error().code == Code::kNoNode) {
      is_running_ = false;
      return begin();
    }
    if (!node) return on_passing(node.error());
    if (deliver(node->bytes, offset)) follow();
  });
}

void ChangeLog::take(base::Offset offset, const base::SharedBytes& batch) {
  (void)deliver(batch, offset);
}

bool ChangeLog::deliver(const base::SharedBytes& batch, base::Offset expected) {
  if (expected < next_) return true;  // taken meanwhile
  auto change = parse_batch(batch, change_path(expected));
  if (!change) {
    damage(std::move(change.error()));
    return false;
  }
  if (change->base_offset != next_ || expected != next_ || change->end.epoch < position_.epoch) {
    damage({base::ErrorCode::kCorruptMessage,
            fmt::format("ZooKeeper's node {} has offset {} of epoch {}, expected are {} and at "
                        "least {}",
                        change_path(expected), change->base_offset.value(),
                        change->end.epoch.value(), next_.value(), position_.epoch.value()),
            0});
    return false;
  }
  next_ = change->end.end_offset;
  bytes_since_snapshot_ += batch.size();
  ++changes_since_snapshot_;
  return deliver_records(std::move(*change));
}

bool ChangeLog::deliver_records(Change change) {
  const Marker first = marker_of(change.records.front().view());
  const Marker last = marker_of(change.records.back().view());
  if (first == Marker::kBegin) {
    transaction_ = Change{change.base_offset, change.end, change.timestamp, {}};
  } else if (first == Marker::kAbort) {
    transaction_.reset();
    change.records.clear();
  }
  if (transaction_) {
    std::ranges::move(change.records, std::back_inserter(transaction_->records));
    transaction_->end = change.end;
    transaction_->timestamp = change.timestamp;
    if (last != Marker::kEnd) return true;
    change = std::move(*transaction_);
    transaction_.reset();
  }
  position_ = change.end;
  handlers_.on_change(std::move(change));
  return true;
}

void ChangeLog::damage(base::Error error) {
  if (std::exchange(is_damaged_, true)) return;
  waiting_.clear();
  waiting_next_.clear();
  handlers_.on_damage(std::move(error));
}

}  // namespace odradek::quorum::zookeeper
