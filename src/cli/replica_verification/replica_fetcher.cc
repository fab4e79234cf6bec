// SPDX-License-Identifier: Apache-2.0
#include "cli/replica_verification/replica_fetcher.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "cli/admin/admin.h"
#include "cli/admin/error_text.h"
#include "cli/signals.h"
#include "wire/messages/list_offsets.h"

namespace odradek::cli {
namespace {

// Who fetches to look, from any replica and beyond the high watermark.
constexpr base::BrokerId kDebuggingConsumer(-2);
constexpr std::int64_t kLatest = -1;
// A signal is looked at between requests: none waits longer.
constexpr std::int32_t kMaxRequestWaitMs = 250;

wire::FetchRequest request_for(const std::vector<base::TopicPartition>& partitions,
                               const ClusterTopics& topics, const ReplicaVerifier::Offsets& offsets,
                               const ReplicaFetchOptions& options) {
  wire::FetchRequest request;
  request.min_bytes = 1;
  for (const base::TopicPartition& partition : partitions) {
    if (request.topics.empty() || request.topics.back().topic != partition.topic) {
      request.topics.push_back({partition.topic, topics.at(partition.topic).id, {}});
    }
    wire::FetchRequest::FetchPartition wanted;
    wanted.partition = partition.partition;
    wanted.fetch_offset = offsets.at(partition);
    wanted.log_start_offset = base::Offset(0);
    wanted.partition_max_bytes = options.partition_max_bytes;
    request.topics.back().partitions.push_back(wanted);
  }
  return request;
}

// The answer names topics by name, or by id from version 13 on.
std::string topic_name(const wire::FetchResponse::FetchableTopicResponse& found,
                       const ClusterTopics& topics) {
  if (!found.topic.empty()) return found.topic;
  const auto named = std::ranges::find_if(
      topics, [&](const auto& topic) { return topic.second.id == found.topic_id; });
  return named == topics.end() ? std::string() : named->first;
}

wire::ListOffsetsRequest offsets_request(const std::vector<base::TopicPartition>& partitions,
                                         std::int64_t timestamp) {
  wire::ListOffsetsRequest request;
  request.replica_id = base::kNoBroker;
  for (const base::TopicPartition& partition : partitions) {
    if (request.topics.empty() || request.topics.back().name != partition.topic) {
      request.topics.push_back({partition.topic, {}});
    }
    request.topics.back().partitions.push_back(
        {partition.partition, base::kNoLeaderEpoch, base::Timestamp(timestamp), 1});
  }
  return request;
}

std::unexpected<base::Error> no_offset(const base::TopicPartition& partition,
                                       base::ErrorCode code) {
  return base::fail(
      code, fmt::format("partition {}: {}", partition.to_string(), error_text(code, std::nullopt)));
}

// Adds to `offsets`; a partition without an offset is left out.
base::Result<> ask_leader(Admin& admin, base::BrokerId leader,
                          const std::vector<base::TopicPartition>& partitions,
                          std::int64_t timestamp, ReplicaVerifier::Offsets& offsets) {
  const auto answer =
      admin.ask<wire::ListOffsetsResponse>(leader, offsets_request(partitions, timestamp));
  if (!answer) return base::fail(answer.error());
  for (const auto& topic : answer->topics) {
    for (const auto& found : topic.partitions) {
      const base::TopicPartition partition{topic.name, found.partition_index};
      if (found.error_code != base::ErrorCode::kNone) return no_offset(partition, found.error_code);
      if (found.offset.value() >= 0) offsets[partition] = found.offset;
    }
  }
  return {};
}

}  // namespace

ReplicaFetcher::ReplicaFetcher(Admin& admin, const ClusterTopics& topics,
                               ReplicaFetchOptions options)
    : admin_(admin), topics_(topics), options_(options) {
  for (const auto& [name, topic] : topics) {
    for (const auto& [index, partition] : topic.partitions) {
      for (const base::BrokerId replica : partition.replicas) {
        partitions_[replica].push_back({name, index});
      }
    }
  }
}

void ReplicaFetcher::fetch(ReplicaVerifier& verifier) {
  std::int32_t left_ms = std::max(options_.max_wait_ms, 0);
  bool has_records = false;
  do {
    // One broker's wait paces the round; records that come to another one are seen after it.
    std::int32_t wait_ms = std::min(left_ms, kMaxRequestWaitMs);
    left_ms -= wait_ms;
    for (const auto& [broker, partitions] : partitions_) {
      if (fetch_from(broker, std::exchange(wait_ms, 0), verifier)) has_records = true;
    }
  } while (!has_records && left_ms > 0 && ending_signal() == 0);
}

bool ReplicaFetcher::fetch_from(base::BrokerId broker, std::int32_t wait_ms,
                                ReplicaVerifier& verifier) {
  const auto& partitions = partitions_.at(broker);
  for (const base::TopicPartition& partition : partitions) verifier.add(partition, broker, {});
  auto request = request_for(partitions, topics_, verifier.offsets(), options_);
  request.max_wait_ms = wait_ms;
  auto answer = ask(broker, std::move(request));
  if (answer && answer->error_code != base::ErrorCode::kNone) {
    answer = base::fail(answer->error_code, error_text(answer->error_code, std::nullopt));
  }
  say(broker, "", answer ? "" : answer.error().message);
  if (!answer) {
    admin_.pause(std::chrono::milliseconds(wait_ms));  // instead of the broker's wait
    return false;
  }
  bool has_records = false;
  for (auto& topic : answer->responses) {
    const std::string name = topic_name(topic, topics_);
    for (auto& found : topic.partitions) {
      const base::TopicPartition partition{name, found.partition_index};
      if (!verifier.offsets().contains(partition)) continue;  // never asked for
      say(broker, fmt::format("partition {}: ", partition.to_string()),
          found.error_code == base::ErrorCode::kNone ? ""
                                                     : error_text(found.error_code, std::nullopt));
      ReplicaData data{found.high_watermark, {}};
      if (found.records) data.records = found.records->bytes();
      has_records |= !data.records.empty();
      verifier.add(partition, broker, std::move(data));
    }
  }
  return has_records;
}

base::Result<wire::FetchResponse> ReplicaFetcher::ask(base::BrokerId broker,
                                                      wire::FetchRequest request) {
  if (!has_older_form_.contains(broker)) {
    request.replica_state.replica_id = kDebuggingConsumer;
    auto answer = admin_.ask<wire::FetchResponse>(broker, request);
    if (answer || answer.error().code != base::ErrorCode::kUnsupportedVersion) return answer;
    request.replica_state = {};
    has_older_form_.insert(broker);
  }
  request.replica_id = kDebuggingConsumer;
  return admin_.ask<wire::FetchResponse>(broker, std::move(request));
}

void ReplicaFetcher::say(base::BrokerId broker, const std::string& what,
                         const std::string& problem) {
  std::string& said = problems_[{broker, what}];
  if (problem != said && !problem.empty()) {
    fmt::print(stderr, "{}replica {}: {}\n", what, broker.value(), problem);
  }
  said = problem;
}

base::Result<ReplicaVerifier::Offsets> offsets_at(Admin& admin, const ClusterTopics& topics,
                                                  std::int64_t timestamp) {
  std::map<base::BrokerId, std::vector<base::TopicPartition>> leaders;
  for (const auto& [name, topic] : topics) {
    for (const auto& [index, partition] : topic.partitions) {
      if (partition.leader == base::kNoBroker) {
        return no_offset({name, index}, base::ErrorCode::kLeaderNotAvailable);
      }
      leaders[partition.leader].push_back({name, index});
    }
  }
  ReplicaVerifier::Offsets offsets;
  for (auto& [leader, partitions] : leaders) {
    if (auto ok = ask_leader(admin, leader, partitions, timestamp, offsets); !ok) {
      return base::fail(std::move(ok));
    }
    std::erase_if(partitions, [&](const auto& partition) { return offsets.contains(partition); });
    if (partitions.empty()) continue;
    if (auto ok = ask_leader(admin, leader, partitions, kLatest, offsets); !ok) {
      return base::fail(std::move(ok));
    }
    for (const auto& partition : partitions) {
      if (!offsets.contains(partition)) {
        return no_offset(partition, base::ErrorCode::kUnknownServerError);
      }
    }
  }
  return offsets;
}

}  // namespace odradek::cli
