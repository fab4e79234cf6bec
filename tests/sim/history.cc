// SPDX-License-Identifier: Apache-2.0
#include "sim/history.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace odradek::sim_test {
namespace {

constexpr const char* kAcknowledged = "acknowledged";
constexpr const char* kShown = "shown to a consumer";

}  // namespace

void History::violation(std::string what) { violations_.push_back(std::move(what)); }

void History::sent(const base::TopicPartition& partition, const std::string& producer,
                   const std::string& value, bool is_idempotent) {
  Partition& known = partitions_[partition];
  known.sent.emplace(value, Sent{producer, known.next_number[producer]++, is_idempotent});
}

void History::acknowledged(const base::TopicPartition& partition, base::Offset offset,
                           const std::string& value) {
  ++acknowledged_count_;
  if (losing_topics_.contains(partition.topic)) return;
  Partition& known = partitions_[partition];
  const auto [at, is_new] = known.acknowledged.emplace(offset, value);
  if (is_new && !known.shown.contains(offset)) promised(partition, offset, value, kAcknowledged);
  if (!is_new && at->second != value) {
    violation(fmt::format("{}: offset {} was acknowledged for '{}' and for '{}'",
                          partition.to_string(), offset.value(), at->second, value));
  }
}

void History::acknowledged_somewhere(const base::TopicPartition& partition,
                                     const std::string& value) {
  ++acknowledged_count_;
  if (losing_topics_.contains(partition.topic)) return;
  partitions_[partition].acknowledged_somewhere.insert(value);
}

void History::leader_decided(const base::TopicPartition& partition, base::LeaderEpoch epoch,
                             base::BrokerId leader) {
  const auto known = partitions_[partition].leaders.emplace(epoch, leader).first->second;
  if (known == leader) return;
  violation(fmt::format("{}: broker {} was to lead in epoch {}, then broker {}",
                        partition.to_string(), known.value(), epoch.value(), leader.value()));
}

bool History::is_over(const base::TopicPartition& partition, base::LeaderEpoch epoch) const {
  const auto known = partitions_.find(partition);
  return known != partitions_.end() &&
         known->second.leaders.upper_bound(epoch) != known->second.leaders.end();
}

void History::acknowledged_by(const base::TopicPartition& partition, const std::string& value,
                              base::BrokerId broker) {
  partitions_[partition].acknowledged_by.emplace(value, broker);
}

void History::check_epoch(const base::TopicPartition& partition, const std::string& value,
                          base::LeaderEpoch epoch) {
  Partition& known = partitions_[partition];
  const auto acknowledged = known.acknowledged_by.find(value);
  if (acknowledged == known.acknowledged_by.end()) return;
  const auto leader = known.leaders.emplace(epoch, acknowledged->second).first->second;
  if (leader == acknowledged->second) return;
  violation(fmt::format("{}: broker {} acknowledged in epoch {}, in which broker {} leads",
                        partition.to_string(), acknowledged->second.value(), epoch.value(),
                        leader.value()));
}

void History::end_shown(const base::TopicPartition& partition, const std::string& client,
                        base::Offset end) {
  auto& highest = partitions_[partition].ends.try_emplace(client, end).first->second;
  if (end < highest && !losing_topics_.contains(partition.topic)) {
    violation(fmt::format("{}: {} was shown the end {} after {}", partition.to_string(), client,
                          end.value(), highest.value()));
  }
  highest = std::max(highest, end);
}

void History::shown(const base::TopicPartition& partition, base::Offset offset,
                    const std::string& value) {
  ++shown_count_;
  if (losing_topics_.contains(partition.topic)) return;
  Partition& known = partitions_[partition];
  const auto [at, is_new] = known.shown.emplace(offset, value);
  if (is_new && !known.acknowledged.contains(offset)) promised(partition, offset, value, kShown);
  if (!is_new && at->second != value) {
    violation(fmt::format("{}: offset {} was shown as '{}' and later as '{}'",
                          partition.to_string(), offset.value(), at->second, value));
  }
}

void History::promised(const base::TopicPartition& partition, base::Offset offset,
                       const std::string& value, const char* promise) {
  if (on_promise_ && offset >= first_kept(partition)) {
    on_promise_(partition, offset, value, promise);
  }
}

void History::deletion_asked(const base::TopicPartition& partition, base::Offset to) {
  Partition& known = partitions_[partition];
  known.first_kept = std::max(known.first_kept, to);
}

base::Offset History::first_kept(const base::TopicPartition& partition) const {
  const auto known = partitions_.find(partition);
  return known == partitions_.end() ? base::Offset(0) : known->second.first_kept;
}

void History::start_shown(const base::TopicPartition& partition, base::Offset start) {
  const base::Offset first = first_kept(partition);
  if (start <= first) return;
  violation(fmt::format("{} begins at {}, and only what lies before {} was to be deleted",
                        partition.to_string(), start.value(), first.value()));
}

std::uint64_t History::commit_sent(const std::string& group, const base::TopicPartition& partition,
                                   base::Offset offset) {
  Commits& commits = commits_[{group, partition}];
  const std::uint64_t attempt = commits.attempts.rbegin()->first + 1;
  commits.attempts.emplace(attempt, offset);
  return attempt;
}

void History::commit_acknowledged(const std::string& group, const base::TopicPartition& partition,
                                  std::uint64_t attempt) {
  ++commit_count_;
  Commits& commits = commits_[{group, partition}];
  commits.in_force = std::max(commits.in_force, attempt);
}

// It is the one in force or a later attempt, which then is in force.
void History::commit_found(const std::string& group, const base::TopicPartition& partition,
                           base::Offset offset) {
  Commits& commits = commits_[{group, partition}];
  for (auto attempt = commits.attempts.find(commits.in_force); attempt != commits.attempts.end();
       ++attempt) {
    if (attempt->second != offset) continue;
    commits.in_force = attempt->first;
    return;
  }
  violation(fmt::format("group {}, {}: committed offset is {}, acknowledged was {}", group,
                        partition.to_string(), offset.value(),
                        commits.attempts.at(commits.in_force).value()));
}

void History::producer_id_given(base::ProducerId id) {
  if (!producer_ids_.insert(id).second) {
    violation(fmt::format("producer id {} was given twice", id.value()));
  }
}

void History::topic_created(const std::string& name, const base::Uuid& id) {
  const auto [topic, is_new] = topics_.emplace(name, id);
  if (!is_new && topic->second != id) {
    violation(fmt::format("topic {} has the id {}, after {}", name, id.to_string(),
                          topic->second.to_string()));
  }
}

void History::check_kept(const std::string& partition, const char* promise,
                         const std::map<base::Offset, std::string>& promised,
                         base::Offset first_kept,
                         const std::map<base::Offset, std::string>& content) {
  for (const auto& [offset, value] : promised) {
    const auto found = content.find(offset);
    if (found == content.end() && offset < first_kept) continue;
    if (found != content.end() && found->second == value) continue;
    violation(fmt::format("{}: '{}' at offset {} was {}; there is now {}", partition, value,
                          offset.value(), promise,
                          found == content.end() ? "nothing" : '\'' + found->second + '\''));
  }
}

void History::check_kept_somewhere(const std::string& name, Partition& known,
                                   const std::map<base::Offset, std::string>& content) {
  std::set<std::string> missing = known.acknowledged_somewhere;
  for (const auto& [offset, value] : content) {
    if (missing.erase(value) > 0) known.found_at.insert_or_assign(value, offset);
  }
  for (const std::string& value : missing) {
    // What was deleted before anybody looked was anywhere.
    const auto found = known.found_at.try_emplace(value, base::Offset(0)).first;
    if (found->second < known.first_kept) continue;
    violation(fmt::format("{}: '{}' was acknowledged and is nowhere", name, value));
  }
}

void History::check_all_kept(const std::string& name, Partition& known,
                             const std::map<base::Offset, std::string>& content) {
  check_kept(name, kAcknowledged, known.acknowledged, known.first_kept, content);
  check_kept(name, kShown, known.shown, known.first_kept, content);
  check_kept_somewhere(name, known, content);
}

// What one producer sent lies in the order of sending; what it sent idempotently lies there once.
void History::check_order(const std::string& partition, const Partition& known,
                          const std::map<base::Offset, std::string>& content) {
  std::map<std::string, std::uint64_t> next;
  base::Offset expected = content.empty() ? base::Offset(0) : content.begin()->first;
  for (const auto& [offset, value] : content) {
    // Where a log was cut inside a batch of which no more than that was to be kept, it has less.
    if (offset != expected && offset > known.first_kept) {
      violation(fmt::format("{}: offset {} is missing", partition, expected.value()));
    }
    expected = offset + 1;
    const auto sent = known.sent.find(value);
    if (sent == known.sent.end()) {
      violation(
          fmt::format("{}: '{}' at offset {} was never sent", partition, value, offset.value()));
      continue;
    }
    // Of producers whose records were deleted a replica that was filled since knows nothing: what
    // one sends again lies behind them once more, as in Kafka.
    if (offset < known.first_kept) continue;
    const auto& [producer, number, is_idempotent] = sent->second;
    std::uint64_t& lowest = next[producer];
    if (is_idempotent && number < lowest) {
      violation(fmt::format("{}: '{}' at offset {} is out of order or there twice", partition,
                            value, offset.value()));
    }
    lowest = number + 1;
  }
}

void History::check_now(const base::TopicPartition& partition,
                        const std::map<base::Offset, std::string>& content,
                        const std::string& where, bool is_in_sync) {
  Partition& known = partitions_[partition];
  const std::string name = fmt::format("{} on {}", partition.to_string(), where);
  if (is_in_sync && !losing_topics_.contains(partition.topic)) {
    check_all_kept(name, known, content);
  }
  check_order(name, known, content);
}

void History::check_final(const base::TopicPartition& partition,
                          const std::map<base::Offset, std::string>& content,
                          const std::string& where) {
  Partition& known = partitions_[partition];
  const std::string name =
      where.empty() ? partition.to_string() : fmt::format("{} on {}", partition.to_string(), where);
  if (!losing_topics_.contains(partition.topic)) check_all_kept(name, known, content);
  check_order(name, known, content);
}

}  // namespace odradek::sim_test
