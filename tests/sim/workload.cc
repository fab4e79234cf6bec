// SPDX-License-Identifier: Apache-2.0
#include "sim/workload.h"

#include <fmt/core.h>

#include <algorithm>

#include "record/build.h"
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
  wanted.replication_factor = 1;
  for (const auto& [name, value] : configs) {
    auto& config = wanted.configs.emplace_back();
    config.name = name;
    config.value = value;
  }
  return request;
}

Task<base::Result<base::Uuid>> find_topic_id(Client& client, std::string name) {
  wire::MetadataRequest request;
  request.topics->emplace_back().name = name;
  request.allow_auto_topic_creation = false;
  auto response = co_await client.call<wire::MetadataResponse>(request, 12);
  if (!response) co_return base::fail(std::move(response));
  if (response->topics.size() != 1) co_return base::fail(base::ErrorCode::kUnknownServerError);
  const auto& topic = response->topics.front();
  if (topic.error_code != base::ErrorCode::kNone) co_return base::fail(topic.error_code);
  co_return topic.topic_id;
}

wire::FetchRequest fetch_request(const TopicView& topic, std::int32_t partition, base::Offset from,
                                 std::int32_t max_wait_ms, wire::Version version) {
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
  return request;
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

Task<TopicView> create_topic(Client& client, History& history, std::string name,
                             std::int32_t partitions, std::map<std::string, std::string> configs) {
  TopicView topic{std::move(name), {}, partitions};
  for (;;) {
    const auto version = client.any_version<wire::CreateTopicsRequest>();
    auto created = co_await client.call<wire::CreateTopicsResponse>(
        creation_of(topic, configs), std::max<wire::Version>(version, 2));
    const auto code = created ? created->topics.at(0).error_code : created.error().code;
    const bool is_there =
        code == base::ErrorCode::kNone || code == base::ErrorCode::kTopicAlreadyExists;
    if (!is_there && !base::is_retriable(code)) {
      history.violation(
          fmt::format("topic {} was not created: {}", topic.name, base::error_name(code)));
      co_return topic;
    }
    if (is_there) {
      auto id = co_await find_topic_id(client, topic.name);
      if (id) {
        topic.id = *id;
        history.topic_created(topic.name, *id);
        co_return topic;
      }
    }
    co_await client.pause();
  }
}

Detached keep_creating_topics(Client& client, History& history, std::string prefix,
                              const bool& is_stopping, bool& is_done) {
  for (int number = 0; !is_stopping; ++number) {
    co_await create_topic(client, history, fmt::format("{}-{}", prefix, number), 1, {});
    co_await client.pause(
        client.random().between(std::chrono::milliseconds(10), std::chrono::milliseconds(300)));
  }
  is_done = true;
}

Detached check_topics(Client& client, History& history, int& under_way) {
  const auto topics = history.topics_created();
  for (auto topic = topics.begin(); topic != topics.end();) {
    const auto id = co_await find_topic_id(client, topic->first);
    // A broker serves only once it knows its topics.
    const bool is_missing = !id && (id.error().code == base::ErrorCode::kUnknownTopicOrPartition ||
                                    !base::is_retriable(id.error().code));
    if (is_missing) history.violation(fmt::format("topic {} is gone", topic->first));
    if (id) history.topic_created(topic->first, *id);
    if (id || is_missing) {
      ++topic;
    } else {
      co_await client.pause();
    }
  }
  --under_way;
}

Task<base::Result<Fetched>> fetch(Client& client, History& history, const TopicView& topic,
                                  std::int32_t partition, base::Offset from,
                                  std::int32_t max_wait_ms,
                                  std::map<base::Offset, std::string>* content) {
  const auto version = client.any_version<wire::FetchRequest>();
  auto response = co_await client.call<wire::FetchResponse>(
      fetch_request(topic, partition, from, max_wait_ms, version), version);
  if (!response) co_return base::fail(std::move(response));
  if (response->error_code != base::ErrorCode::kNone) co_return base::fail(response->error_code);
  const auto& answer = response->responses.at(0).partitions.at(0);
  if (answer.error_code != base::ErrorCode::kNone) co_return base::fail(answer.error_code);
  Fetched fetched{from, answer.high_watermark};
  if (!answer.records) co_return fetched;
  auto next =
      take_records(answer.records->bytes(), from, {topic.name, partition}, history, content);
  if (!next) co_return base::fail(std::move(next));
  fetched.next = *next;
  co_return fetched;
}

Detached check_topic(Client& client, History& history, TopicView topic, int& under_way) {
  for (std::int32_t partition = 0; partition < topic.partitions; ++partition) {
    const base::TopicPartition name{topic.name, partition};
    std::map<base::Offset, std::string> content;
    base::Offset next{0};
    for (;;) {
      const auto read = co_await fetch(client, history, topic, partition, next, 10, &content);
      if (read) {
        next = read->next;
        if (next >= read->high_watermark) break;
        continue;
      }
      if (!base::is_retriable(read.error().code)) {
        history.violation(fmt::format("{} cannot be read at {}: {} {}", name.to_string(),
                                      next.value(), base::error_name(read.error().code),
                                      read.error().message));
        break;
      }
      co_await client.pause();
    }
    history.check_final(name, content);
  }
  --under_way;
}

}  // namespace odradek::sim_test
