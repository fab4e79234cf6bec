// SPDX-License-Identifier: Apache-2.0
#include "sim/history.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace odradek::sim_test {

void History::violation(std::string what) { violations_.push_back(std::move(what)); }

void History::sent(const base::TopicPartition& partition, const std::string& producer,
                   const std::string& value, bool is_idempotent) {
  Partition& known = partitions_[partition];
  known.sent.emplace(value, Sent{producer, known.next_number[producer]++, is_idempotent});
}

void History::acknowledged(const base::TopicPartition& partition, base::Offset offset,
                           const std::string& value) {
  ++acknowledged_count_;
  const auto [at, is_new] = partitions_[partition].acknowledged.emplace(offset, value);
  if (!is_new && at->second != value) {
    violation(fmt::format("{}: offset {} was acknowledged for '{}' and for '{}'",
                          partition.to_string(), offset.value(), at->second, value));
  }
}

void History::shown(const base::TopicPartition& partition, base::Offset offset,
                    const std::string& value) {
  ++shown_count_;
  const auto [at, is_new] = partitions_[partition].shown.emplace(offset, value);
  if (!is_new && at->second != value) {
    violation(fmt::format("{}: offset {} was shown as '{}' and later as '{}'",
                          partition.to_string(), offset.value(), at->second, value));
  }
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

void History::check_kept(const base::TopicPartition& partition, const char* promise,
                         const std::map<base::Offset, std::string>& promised,
                         const std::map<base::Offset, std::string>& content) {
  for (const auto& [offset, value] : promised) {
    const auto found = content.find(offset);
    if (found != content.end() && found->second == value) continue;
    violation(fmt::format("{}: '{}' at offset {} was {}; there is now {}", partition.to_string(),
                          value, offset.value(), promise,
                          found == content.end() ? "nothing" : '\'' + found->second + '\''));
  }
}

// What one producer sent lies in the order of sending; what it sent idempotently lies there once.
void History::check_order(const base::TopicPartition& partition, const Partition& known,
                          const std::map<base::Offset, std::string>& content) {
  std::map<std::string, std::uint64_t> next;
  base::Offset expected = content.empty() ? base::Offset(0) : content.begin()->first;
  for (const auto& [offset, value] : content) {
    if (offset != expected) {
      violation(fmt::format("{}: offset {} is missing", partition.to_string(), expected.value()));
    }
    expected = offset + 1;
    const auto sent = known.sent.find(value);
    if (sent == known.sent.end()) {
      violation(fmt::format("{}: '{}' at offset {} was never sent", partition.to_string(), value,
                            offset.value()));
      continue;
    }
    const auto& [producer, number, is_idempotent] = sent->second;
    std::uint64_t& lowest = next[producer];
    if (is_idempotent && number < lowest) {
      violation(fmt::format("{}: '{}' at offset {} is out of order or there twice",
                            partition.to_string(), value, offset.value()));
    }
    lowest = number + 1;
  }
}

void History::check_final(const base::TopicPartition& partition,
                          const std::map<base::Offset, std::string>& content) {
  const Partition& known = partitions_[partition];
  check_kept(partition, "acknowledged", known.acknowledged, content);
  check_kept(partition, "shown to a consumer", known.shown, content);
  check_order(partition, known, content);
}

}  // namespace odradek::sim_test
