// SPDX-License-Identifier: Apache-2.0
#include "sim/workload.h"

#include <fmt/core.h>

#include <algorithm>

#include "record/build.h"
#include "sim/offsets.h"
#include "wire/messages/create_topics.h"
#include "wire/messages/fetch.h"
#include "wire/messages/metadata.h"

namespace odradek::sim_test {
namespace {

wire::CreateTopicsRequest creation_of(const TopicView& topic,
                                      const std::map<std::string, std::string>& configs) {
  wire::CreateTopicsRequest request;
  auto& wanted = request.topics.emplace_back();
  wanted.name = topic.name;
  wanted.num_partitions = topic.partitions;
  wanted.replication_factor = topic.replication_factor;
  for (const auto& [name, value] : configs) {
    auto& config = wanted.configs.emplace_back();
    config.name = name;
    config.value = value;
  }
  return request;
}

Task<base::Result<base::Uuid>> find_topic_id(Router& router, std::string name) {
  wire::MetadataRequest request;
  request.topics->emplace_back().name = name;
  request.allow_auto_topic_creation = false;
  auto response = co_await router.any().call<wire::MetadataResponse>(request, 12);
  if (!response) {
    router.any_failed();
    co_return base::fail(std::move(response));
  }
  if (response->topics.size() != 1) co_return base::fail(base::ErrorCode::kUnknownServerError);
  const auto& topic = response->topics.front();
  if (topic.error_code != base::ErrorCode::kNone) co_return base::fail(topic.error_code);
  co_return topic.topic_id;
}

wire::FetchRequest fetch_request(const TopicView& topic, std::int32_t partition, base::Offset from,
                                 std::int32_t max_wait_ms, base::LeaderEpoch epoch,
                                 wire::Version version) {
  wire::FetchRequest request;
  request.max_wait_ms = max_wait_ms;
  request.min_bytes = 1;
  request.max_bytes = 1 << 20;
  auto& wanted = request.topics.emplace_back();
  if (version >= 13) {
    wanted.topic_id = topic.id;
  } else {
    wanted.topic = topic.name;
  }
  auto& part = wanted.partitions.emplace_back();
  part.partition = partition;
  part.fetch_offset = from;
  part.partition_max_bytes = 1 << 16;
  if (version >= 9) part.current_leader_epoch = epoch;
  return request;
}

base::ErrorCode error_of(const wire::FetchResponse& response) {
  return response.responses.at(0).partitions.at(0).error_code;
}

// Hands the whole records of a fetch answer out; returns the offset after the last one.
base::Result<base::Offset> take_records(const base::SharedBytes& bytes, base::Offset from,
                                        const base::TopicPartition& name, History& history,
                                        std::map<base::Offset, std::string>* content) {
  record::BatchIterator batches(bytes.view());
  base::Offset next = from;
  for (;;) {
    auto batch = batches.next();
    if (!batch) return base::fail(std::move(batch));
    if (!*batch) return next;
    if (!(*batch)->crc_matches()) return base::fail(base::ErrorCode::kCorruptMessage);
    auto reader = record::RecordReader::open(**batch);
    if (!reader) return base::fail(std::move(reader));
    for (auto record = reader->next(); !record || *record; record = reader->next()) {
      if (!record) return base::fail(std::move(record));
      if ((*record)->offset < from) continue;
      const std::string value(base::as_text(*(*record)->value));
      history.shown(name, (*record)->offset, value);
      if (content != nullptr) content->emplace((*record)->offset, value);
    }
    next = std::max(next, (*batch)->next_offset());
  }
}

}  // namespace

Task<TopicView> create_topic(Router& router, History& history, TopicView topic,
                             std::map<std::string, std::string> configs) {
  for (;;) {
    const auto version = router.any_version<wire::CreateTopicsRequest>();
    auto created = co_await router.any().call<wire::CreateTopicsResponse>(
        creation_of(topic, configs), std::max<wire::Version>(version, 2));
    const auto code = created ? created->topics.at(0).error_code : created.error().code;
    if (code != base::ErrorCode::kNone) router.any_failed();
    const bool is_there =
        code == base::ErrorCode::kNone || code == base::ErrorCode::kTopicAlreadyExists;
    // Fewer brokers than replicas: some are on their way back.
    const bool may_pass =
        base::is_retriable(code) || code == base::ErrorCode::kInvalidReplicationFactor;
    if (!is_there && !may_pass) {
      history.violation(
          fmt::format("topic {} was not created: {}", topic.name, base::error_name(code)));
      co_return topic;
    }
    if (is_there) {
      auto id = co_await find_topic_id(router, topic.name);
      if (id) {
        topic.id = *id;
        history.topic_created(topic.name, *id);
        co_return topic;
      }
    }
    co_await router.pause();
  }
}

Detached keep_creating_topics(Router& router, History& history, TopicView pattern,
                              env::Duration longest_pause, const bool& is_stopping, bool& is_done) {
  for (int number = 0; !is_stopping; ++number) {
    TopicView topic = pattern;
    topic.name = fmt::format("{}-{}", pattern.name, number);
    co_await create_topic(router, history, std::move(topic), {});
    co_await router.pause(router.random().between(std::chrono::milliseconds(10), longest_pause));
  }
  is_done = true;
}

Detached check_topics(Router& router, History& history, int& under_way) {
  const auto topics = history.topics_created();
  for (auto topic = topics.begin(); topic != topics.end();) {
    const auto id = co_await find_topic_id(router, topic->first);
    // A broker serves only once it knows its topics.
    const bool is_missing = !id && (id.error().code == base::ErrorCode::kUnknownTopicOrPartition ||
                                    !base::is_retriable(id.error().code));
    if (is_missing) history.violation(fmt::format("topic {} is gone", topic->first));
    if (id) history.topic_created(topic->first, *id);
    if (id || is_missing) {
      ++topic;
    } else {
      co_await router.pause();
    }
  }
  --under_way;
}

Task<base::Result<Fetched>> fetch(Router& router, History& history, const TopicView& topic,
                                  std::int32_t partition, base::Offset from,
                                  std::int32_t max_wait_ms,
                                  std::map<base::Offset, std::string>* content) {
  const base::TopicPartition name{topic.name, partition};
  const auto leader = co_await router.leader_of(name);
  if (leader.client == nullptr) co_return base::fail(base::ErrorCode::kLeaderNotAvailable);
  const auto version = router.any_version<wire::FetchRequest>();
  auto response = co_await leader.client->call<wire::FetchResponse>(
      fetch_request(topic, partition, from, max_wait_ms, leader.epoch, version), version);
  auto code = !response                                        ? response.error().code
              : response->error_code != base::ErrorCode::kNone ? response->error_code
                                                               : error_of(*response);
  // Of what the next leader has committed one that does not know yet that it is none knows nothing:
  // whoever was told such an offset by somebody else asks again.
  if (code == base::ErrorCode::kOffsetOutOfRange && history.is_over(name, leader.epoch)) {
    code = base::ErrorCode::kNotLeaderOrFollower;
  }
  if (code == base::ErrorCode::kOffsetOutOfRange && from < history.first_kept(name)) {
    const auto start = co_await find_start(router, name);
    if (!start) co_return base::fail(start.error());
    history.start_shown(name, *start);
    co_return Fetched{.next = std::max(*start, from)};
  }
  if (code != base::ErrorCode::kNone) {
    router.leader_failed(name);
    co_return base::fail(code);
  }
  const auto& answer = response->responses.at(0).partitions.at(0);
  Fetched fetched{from, answer.high_watermark};
  if (!answer.records) co_return fetched;
  auto next = take_records(answer.records->bytes(), from, name, history, content);
  if (!next) co_return base::fail(std::move(next));
  fetched.next = *next;
  co_return fetched;
}

Detached keep_reading(Router& router, History& history, TopicView topic, const bool& is_stopping,
                      bool& is_done) {
  constexpr std::int32_t kMaxWaitMs = 100;
  std::vector<base::Offset> positions(static_cast<std::size_t>(topic.partitions), base::Offset(0));
  for (std::int32_t partition = 0; !is_stopping; partition = (partition + 1) % topic.partitions) {
    auto& position = positions[static_cast<std::size_t>(partition)];
    const auto read =
        co_await fetch(router, history, topic, partition, position, kMaxWaitMs, nullptr);
    if (read) {
      position = read->next;
      continue;
    }
    if (!base::is_retriable(read.error().code)) {
      history.violation(fmt::format("{}-{} cannot be read on at {}: {} {}", topic.name, partition,
                                    position.value(), base::error_name(read.error().code),
                                    read.error().message));
      break;
    }
    co_await router.pause();
  }
  is_done = true;
}

Detached check_topic(Router& router, History& history, TopicView topic, int& under_way) {
  for (std::int32_t partition = 0; partition < topic.partitions; ++partition) {
    const base::TopicPartition name{topic.name, partition};
    std::map<base::Offset, std::string> content;
    base::Offset next{0};
    for (;;) {
      const auto read = co_await fetch(router, history, topic, partition, next, 10, &content);
      if (read) {
        next = read->next;
        const bool is_at_end = read->high_watermark != base::kNoOffset;
        if (is_at_end && next >= read->high_watermark) break;
        continue;
      }
      if (!base::is_retriable(read.error().code)) {
        history.violation(fmt::format("{} cannot be read at {}: {} {}", name.to_string(),
                                      next.value(), base::error_name(read.error().code),
                                      read.error().message));
        break;
      }
      co_await router.pause();
    }
    history.check_final(name, content);
  }
  --under_way;
}

}  // namespace odradek::sim_test
