// SPDX-License-Identifier: Apache-2.0
#include "log/retention/retention.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace odradek::log::retention {

namespace {

// Walks once over the segments, oldest first; each reason goes on where the one before it ended.
class Decider {
 public:
  explicit Decider(const LogFacts& facts) : facts_(facts) {
    for (const SegmentFacts& segment : facts.segments) log_bytes_ += segment.size_bytes;
  }

  void below_log_start();
  void over_size(std::int64_t retention_bytes);
  base::Result<> past_time(std::int64_t retention_ms, base::Timestamp now, const TimeOf& time_of);
  Decision take() { return std::move(decision_); }

 private:
  bool is_at_end() const { return next_ == facts_.segments.size(); }
  bool is_last() const { return next_ + 1 == facts_.segments.size(); }
  // Where the next segment ends.
  base::Offset end_offset() const {
    return is_last() ? facts_.log_end_offset : facts_.segments[next_ + 1].base_offset;
  }
  // Whether the next one may go at all.
  bool may_go() const {
    if (is_at_end() || end_offset() > facts_.high_watermark) return false;
    return !is_last() || facts_.segments[next_].size_bytes > 0;
  }
  void begin(Reason reason);
  void take_next();
  void end();

  const LogFacts& facts_;
  std::size_t next_ = 0;
  // Of the segments that are left.
  std::uint64_t log_bytes_ = 0;
  Deletion deletion_;
  Decision decision_;
};

void Decider::begin(Reason reason) {
  deletion_ = {.reason = reason, .first = next_, .log_bytes = log_bytes_};
}

void Decider::take_next() {
  const std::uint64_t bytes = facts_.segments[next_].size_bytes;
  ++next_;
  ++deletion_.count;
  deletion_.bytes += bytes;
  log_bytes_ -= bytes;
}

void Decider::end() {
  if (deletion_.count > 0) decision_.deletions.push_back(deletion_);
}

void Decider::below_log_start() {
  begin(Reason::kLogStart);
  while (may_go() && !is_last() && end_offset() <= facts_.log_start_offset) take_next();
  end();
}

void Decider::over_size(std::int64_t retention_bytes) {
  if (retention_bytes < 0) return;
  const auto limit = static_cast<std::uint64_t>(retention_bytes);
  begin(Reason::kSize);
  // What is left afterwards is still at least the limit.
  while (may_go() && log_bytes_ >= limit &&
         log_bytes_ - limit >= facts_.segments[next_].size_bytes) {
    take_next();
  }
  end();
}

base::Result<> Decider::past_time(std::int64_t retention_ms, base::Timestamp now,
                                  const TimeOf& time_of) {
  if (retention_ms < 0) return {};
  begin(Reason::kTime);
  while (may_go()) {
    auto time = time_of(next_);
    if (!time) return base::fail(std::move(time));
    if (time->timestamp > now) decision_.held_by_future = next_;
    if (now.value() - time->timestamp.value() <= retention_ms) break;
    if (deletion_.count == 0 || time->timestamp > deletion_.newest.timestamp) {
      deletion_.newest = *time;
    }
    take_next();
  }
  end();
  return {};
}

// The base offsets, the first few of them where they are many.
std::string names(const Deletion& deletion, const LogFacts& facts) {
  constexpr std::size_t kNamed = 10;
  std::string text = deletion.count == 1 ? "segment" : "segments";
  const std::size_t named = std::min(deletion.count, kNamed);
  for (std::size_t i = 0; i < named; ++i) {
    text += fmt::format("{}{}", i == 0 ? " " : ", ",
                        facts.segments[deletion.first + i].base_offset.value());
  }
  if (named < deletion.count) text += fmt::format(" and {} more", deletion.count - named);
  return text;
}

std::string reason(const Deletion& deletion, const LogFacts& facts, const LogConfig& config,
                   base::Timestamp now) {
  switch (deletion.reason) {
    case Reason::kLogStart:
      return fmt::format("below the log start offset {}", facts.log_start_offset.value());
    case Reason::kSize:
      return fmt::format("the log has {} bytes, retention.bytes is {}", deletion.log_bytes,
                         config.retention_bytes);
    case Reason::kTime:
      break;
  }
  const std::int64_t age_ms = now.value() - deletion.newest.timestamp.value();
  return fmt::format("{} {} ms ago, retention.ms is {}",
                     deletion.newest.is_of_file ? "no record has a time, the file was written"
                                                : "the newest record is of",
                     age_ms, config.retention_ms);
}

}  // namespace

std::size_t Decision::count() const {
  return deletions.empty() ? 0 : deletions.back().first + deletions.back().count;
}

base::Result<Decision> decide(const LogFacts& facts, const LogConfig& config, base::Timestamp now,
                              bool may_delete_by_time, const TimeOf& time_of) {
  ODRADEK_ASSERT(!facts.segments.empty());
  Decider decider(facts);
  decider.below_log_start();
  if (config.cleanup_delete) {
    decider.over_size(config.retention_bytes);
    if (may_delete_by_time) {
      if (auto done = decider.past_time(config.retention_ms, now, time_of); !done) {
        return base::fail(std::move(done));
      }
    }
  }
  return decider.take();
}

std::string describe(const Deletion& deletion, const LogFacts& facts, const LogConfig& config,
                     base::Timestamp now) {
  return fmt::format("{} ({} bytes) {} deleted: {}", names(deletion, facts), deletion.bytes,
                     deletion.count == 1 ? "is" : "are", reason(deletion, facts, config, now));
}

}  // namespace odradek::log::retention
