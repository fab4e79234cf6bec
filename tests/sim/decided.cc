// SPDX-License-Identifier: Apache-2.0
#include "sim/decided.h"

#include <fmt/core.h>

#include <charconv>
#include <string_view>

#include "quorum/zookeeper/layout.h"

namespace odradek::sim_test {
namespace {

constexpr const char* kTopics = "/brokers/topics";

std::string text_at(const SimZookeeper& zookeeper, const std::string& path) {
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

std::string state_of(const SimZookeeper& zookeeper, const base::TopicPartition& partition) {
  return text_at(zookeeper, fmt::format("{}/{}/partitions/{}/state", kTopics, partition.topic,
                                        partition.partition));
}

}  // namespace

void note_decisions(SimZookeeper& zookeeper, History& history) {
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

std::vector<int> find_replicas(const SimZookeeper& zookeeper,
                               const base::TopicPartition& partition) {
  const std::string text = text_at(zookeeper, kTopics + ('/' + partition.topic));
  return list_of(text, std::to_string(partition.partition), text.find("\"partitions\""));
}

std::vector<int> find_in_sync(const SimZookeeper& zookeeper,
                              const base::TopicPartition& partition) {
  return list_of(state_of(zookeeper, partition), "isr");
}

std::optional<int> find_leader(const SimZookeeper& zookeeper,
                               const base::TopicPartition& partition) {
  const auto leader = number_of(state_of(zookeeper, partition), "leader");
  return leader && *leader >= 1 ? leader : std::nullopt;
}

bool is_moving(const SimZookeeper& zookeeper, const std::string& topic) {
  const std::string text = text_at(zookeeper, kTopics + ('/' + topic));
  return !text.contains("\"adding_replicas\":{}") || !text.contains("\"removing_replicas\":{}");
}

std::string find_out_of_sync(const SimZookeeper& zookeeper) {
  for (const std::string& topic : zookeeper.children(kTopics)) {
    if (is_moving(zookeeper, topic)) {
      return topic + " moves: " + text_at(zookeeper, kTopics + ('/' + topic));
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

std::optional<int> find_controller(const SimZookeeper& zookeeper) {
  const auto node = zookeeper.node("/controller");
  if (!node) return std::nullopt;
  const auto id = quorum::zookeeper::parse_controller(node->bytes.view());
  if (!id) return std::nullopt;
  return id->value();
}

}  // namespace odradek::sim_test
