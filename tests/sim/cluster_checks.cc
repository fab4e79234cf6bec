// SPDX-License-Identifier: Apache-2.0
#include "sim/cluster_checks.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "record/batch_header.h"
#include "record/record_reader.h"
#include "wire/messages/list_offsets.h"

namespace odradek::sim_test {
namespace {

constexpr base::Timestamp kLatest{-1};
constexpr const char* kTopics = "/brokers/topics";

std::string text_at(const quorum::zookeeper::sim::SimZookeeper& zookeeper,
                    const std::string& path) {
  const auto node = zookeeper.node(path);
  return std::string(node ? base::as_text(node->bytes.view()) : "");
}

// The number of "key":…; nothing where it is not there.
std::optional<int> number_of(std::string_view text, const std::string& key) {
  const std::string opening = '"' + key + "\":";
  const auto begin = text.find(opening);
  if (begin == std::string_view::npos) return std::nullopt;
  int number = 0;
  std::from_chars(text.data() + begin + opening.size(), text.data() + text.size(), number);
  return number;
}

// The numbers of "key":[…] behind `from`; none where it is not there.
std::vector<int> list_of(std::string_view text, const std::string& key, std::size_t from = 0) {
  std::vector<int> numbers;
  const std::string opening = '"' + key + "\":[";
  const auto begin = text.find(opening, from);
  if (begin == std::string_view::npos) return numbers;
  const char* at = text.data() + begin + opening.size();
  const char* const end = text.data() + text.find(']', begin);
  while (at < end) {
    int number = 0;
    at = std::from_chars(at, end, number).ptr + 1;
    numbers.push_back(number);
  }
  return numbers;
}

}  // namespace

ReplicaContent read_replica(env::Disk& disk, const std::string& directory, std::string broker,
                            History& history) {
  ReplicaContent content{std::move(broker), {}, {}};
  auto entries = disk.list(directory);
  if (!entries) {
    history.violation(fmt::format("{}: {}", content.broker, entries.error().message));
    return content;
  }
  std::ranges::sort(*entries, {}, &env::DirectoryEntry::name);
  for (const auto& entry : *entries) {
    if (!entry.name.ends_with(".log")) continue;
    const auto bytes = disk.read_file(directory + '/' + entry.name);
    if (!bytes) {
      history.violation(fmt::format("{}: {}", content.broker, bytes.error().message));
      continue;
    }
    record::BatchIterator batches(base::as_bytes(*bytes));
    for (auto batch = batches.next(); batch && *batch; batch = batches.next()) {
      content.batches[(*batch)->base_offset()] = base::as_text((*batch)->bytes());
      content.end = (*batch)->next_offset();
    }
  }
  return content;
}

void check_equal(const base::TopicPartition& partition, const std::vector<ReplicaContent>& replicas,
                 History& history) {
  std::map<base::Offset, const ReplicaContent*> first_with;
  for (const ReplicaContent& replica : replicas) {
    if (replica.end != replicas.front().end) {
      history.violation(fmt::format("{} ends at {} on {} and at {} on {}", partition.to_string(),
                                    replicas.front().end.value(), replicas.front().broker,
                                    replica.end.value(), replica.broker));
    }
    for (const auto& [offset, bytes] : replica.batches) {
      const auto* other = first_with.try_emplace(offset, &replica).first->second;
      if (other->batches.at(offset) == bytes) continue;
      history.violation(fmt::format("{}: the batches at offset {} differ on {} and {}",
                                    partition.to_string(), offset.value(), other->broker,
                                    replica.broker));
      return;
    }
  }
}

void check_promises(const base::TopicPartition& partition, const ReplicaContent& replica,
                    History& history) {
  std::map<base::Offset, std::string> values;
  for (const auto& [offset, bytes] : replica.batches) {
    auto batch = record::BatchView::parse(base::as_bytes(bytes));
    if (!batch || !batch->crc_matches()) {
      history.violation(fmt::format("{} has a damaged batch at {} of {}", replica.broker,
                                    offset.value(), partition.to_string()));
      continue;
    }
    auto reader = record::RecordReader::open(*batch);
    if (!reader) continue;
    for (auto record = reader->next(); record && *record; record = reader->next()) {
      const std::string value(base::as_text(*(*record)->value));
      history.check_epoch(partition, value, batch->leader_epoch());
      values.emplace((*record)->offset, value);
    }
  }
  history.check_final(partition, values, replica.broker);
}

void note_decisions(quorum::zookeeper::sim::SimZookeeper& zookeeper, History& history) {
  using Changes = std::vector<quorum::zookeeper::sim::Tree::Change>;
  zookeeper.set_observer(
      [&history](std::int64_t, quorum::zookeeper::SessionId, const Changes& changes) {
        for (const auto& change : changes) {
          const std::string_view path = change.path;
          if (!path.starts_with(kTopics) || !path.ends_with("/state")) continue;
          const auto topic = path.substr(std::string_view(kTopics).size() + 1);
          const auto number = path.substr(0, path.rfind('/'));
          const auto text = base::as_text(change.bytes.view());
          const auto leader = number_of(text, "leader");
          const auto epoch = number_of(text, "leader_epoch");
          if (!leader || !epoch) continue;
          history.leader_decided({std::string(topic.substr(0, topic.find('/'))),
                                  std::stoi(std::string(number.substr(number.rfind('/') + 1)))},
                                 base::LeaderEpoch(*epoch), base::BrokerId(*leader));
        }
      });
}

std::vector<int> find_replicas(const quorum::zookeeper::sim::SimZookeeper& zookeeper,
                               const base::TopicPartition& partition) {
  const std::string text = text_at(zookeeper, kTopics + ('/' + partition.topic));
  return list_of(text, std::to_string(partition.partition), text.find("\"partitions\""));
}

std::string find_out_of_sync(const quorum::zookeeper::sim::SimZookeeper& zookeeper) {
  for (const std::string& topic : zookeeper.children(kTopics)) {
    const std::string text = text_at(zookeeper, kTopics + ('/' + topic));
    if (!text.contains("\"adding_replicas\":{}") || !text.contains("\"removing_replicas\":{}")) {
      return topic + " moves: " + text;
    }
    const std::string partitions = kTopics + ('/' + topic) + "/partitions";
    for (const std::string& number : zookeeper.children(partitions)) {
      const std::string state = text_at(zookeeper, partitions + '/' + number + "/state");
      const auto replicas = find_replicas(zookeeper, {topic, std::stoi(number)});
      const bool is_led = !state.contains("\"leader\":-1");
      if (is_led && list_of(state, "isr").size() == replicas.size()) continue;
      return fmt::format("{}-{}: {}", topic, number, state);
    }
  }
  return {};
}

Task<base::Result<base::Offset>> find_end(Router& router, base::TopicPartition partition) {
  const auto leader = co_await router.leader_of(partition);
  if (leader.client == nullptr) co_return base::fail(base::ErrorCode::kLeaderNotAvailable);
  wire::ListOffsetsRequest request;
  request.replica_id = base::BrokerId(-1);
  auto& topic = request.topics.emplace_back();
  topic.name = partition.topic;
  auto& wanted = topic.partitions.emplace_back();
  wanted.partition_index = partition.partition;
  wanted.current_leader_epoch = leader.epoch;
  wanted.timestamp = kLatest;
  auto response = co_await leader.client->call<wire::ListOffsetsResponse>(request, 5);
  auto code = response ? base::ErrorCode::kNone : response.error().code;
  if (response) code = response->topics.at(0).partitions.at(0).error_code;
  if (code != base::ErrorCode::kNone) {
    router.leader_failed(partition);
    co_return base::fail(code);
  }
  co_return response->topics.at(0).partitions.at(0).offset;
}

Detached watch_ends(Router& router, History& history, TopicView topic, const bool& is_stopping,
                    bool& is_done) {
  for (std::int32_t next = 0; !is_stopping; ++next) {
    const base::TopicPartition partition{topic.name, next % topic.partitions};
    const auto end = co_await find_end(router, partition);
    if (end) history.end_shown(partition, router.client_id(), *end);
    co_await router.pause(
        router.random().between(std::chrono::milliseconds(20), std::chrono::milliseconds(200)));
  }
  is_done = true;
}

}  // namespace odradek::sim_test
