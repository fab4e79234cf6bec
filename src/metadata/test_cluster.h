// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "metadata/controller/cluster.h"
#include "metadata/controller/topics.h"
#include "metadata/image_builder.h"

namespace odradek::metadata::testing {

inline base::Uuid uuid(std::uint64_t number) { return base::Uuid::from_random(7, number); }

// A cluster as its controller sees it: decisions are made on its image, and their records replayed.
class TestCluster {
 public:
  TestCluster() { apply(format_records()); }

  void add_broker(std::int32_t id, bool is_fenced = false) {
    BrokerImage broker;
    broker.id = base::BrokerId(id);
    broker.incarnation_id = uuid(1000U + static_cast<std::uint64_t>(id));
    broker.endpoints.push_back({"PLAINTEXT", "localhost", 9092, 0});
    broker.log_directories = {uuid(2000U + static_cast<std::uint64_t>(id))};
    apply(register_broker(broker, end_offset_));
    if (is_fenced) apply(fence_on_stop(*image_, broker.id));
  }

  // Replays the records as one commit; `delta` is what they changed.
  void apply(const std::vector<MetadataRecord>& records) {
    ImageBuilder builder(image_);
    for (const MetadataRecord& record : records) {
      const auto done = builder.replay(record);
      ASSERT_TRUE(done) << done.error().message;
    }
    end_offset_ += static_cast<std::int64_t>(records.size());
    image_ = builder.build(base::Offset(end_offset_), base::LeaderEpoch(1));
    delta = builder.delta();
  }

  wire::CreateTopicsResponse::CreatableTopicResult create(
      wire::CreateTopicsRequest::CreatableTopic topic, bool validate_only = false) {
    wire::CreateTopicsRequest request;
    request.topics.push_back(std::move(topic));
    request.validate_only = validate_only;
    return create(request).topics.at(0);
  }
  wire::CreateTopicsResponse create(const wire::CreateTopicsRequest& request) {
    auto decision = create_topics(*image_, inputs(), request);
    apply(decision.records);
    return std::move(decision.reply);
  }
  wire::DeleteTopicsResponse remove(const wire::DeleteTopicsRequest& request,
                                    wire::Version version = 6) {
    auto decision = delete_topics(*image_, inputs(), request, version);
    apply(decision.records);
    return std::move(decision.reply);
  }
  wire::CreatePartitionsResponse::CreatePartitionsTopicResult grow(
      wire::CreatePartitionsRequest::CreatePartitionsTopic topic, bool validate_only = false) {
    wire::CreatePartitionsRequest request;
    request.topics.push_back(std::move(topic));
    request.validate_only = validate_only;
    auto decision = create_partitions(*image_, inputs(), request);
    apply(decision.records);
    return decision.reply.results.at(0);
  }

  ControllerInputs inputs() {
    return {settings_, [this] { return uuid(++ids_); }};
  }
  void set(const std::string& key, const std::string& value) {
    auto parsed = config::Settings::parse("test", "", {{key, value, 0}});
    ASSERT_TRUE(parsed) << parsed.error().message;
    settings_ = std::move(*parsed);
  }
  const ClusterImage& image() const { return *image_; }
  ControllerView view() const { return {*image_, settings_}; }
  const TopicImage& topic(const std::string& name) const {
    const auto& found = image_->find_topic(name);
    EXPECT_NE(found, nullptr) << name;
    static const TopicImage kNone;
    return found ? *found : kNone;
  }

  ImageDelta delta;

 private:
  std::shared_ptr<const ClusterImage> image_ = std::make_shared<const ClusterImage>();
  config::Settings settings_;
  std::int64_t end_offset_ = 0;
  std::uint64_t ids_ = 0;
};

inline wire::CreateTopicsRequest::CreatableTopic new_topic(
    std::string name, std::int32_t partitions = 1, std::int16_t factor = 1,
    const std::map<std::string, std::string>& configs = {}) {
  wire::CreateTopicsRequest::CreatableTopic topic;
  topic.name = std::move(name);
  topic.num_partitions = partitions;
  topic.replication_factor = factor;
  for (const auto& [key, value] : configs) topic.configs.push_back({key, value});
  return topic;
}

}  // namespace odradek::metadata::testing
