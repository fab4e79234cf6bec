// SPDX-License-Identifier: Apache-2.0
#include "metadata/image_difference.h"

#include <gtest/gtest.h>

#include <memory>

namespace odradek::metadata {
namespace {

base::TopicId id_of(std::uint64_t number) { return base::Uuid::from_random(number, number); }

std::shared_ptr<const TopicImage> topic(const char* name, std::uint64_t id, int leader) {
  TopicImage made;
  made.name = name;
  made.id = id_of(id);
  PartitionImage partition;
  partition.replicas = {base::BrokerId(1), base::BrokerId(2)};
  partition.leader = base::BrokerId(leader);
  made.partitions.push_back(partition);
  return std::make_shared<const TopicImage>(made);
}

ClusterImage image_of(const std::vector<std::shared_ptr<const TopicImage>>& topics) {
  ClusterImage image;
  for (const auto& made : topics) {
    image.topics_by_id.set(made->id, made);
    image.topics_by_name.set(made->name, made);
  }
  return image;
}

TEST(ImageDifferenceTest, NamesTopicsThatAreNewOtherOrGone) {
  const auto before = image_of({topic("same", 1, 1), topic("moved", 2, 1), topic("gone", 3, 1)});
  const auto after = image_of(
      {topic("same", 1, 1), topic("moved", 2, 2), topic("gone", 4, 1), topic("new", 5, 1)});
  const ImageDelta delta = difference(before, after);
  EXPECT_EQ(delta.changed_topics, (std::set<base::TopicId>{id_of(2), id_of(4), id_of(5)}));
  ASSERT_EQ(delta.removed_topics.size(), 1U);
  EXPECT_EQ(delta.removed_topics[0]->id, id_of(3));
}

TEST(ImageDifferenceTest, NamesConfigurationsThatAreNewOtherOrGone) {
  const auto config = [](const char* value) {
    return std::make_shared<const ConfigMap>(ConfigMap{{"retention.ms", value}});
  };
  const auto resource = [](const char* name) {
    return ConfigResource{ConfigResourceType::kTopic, name};
  };
  ClusterImage before;
  before.configs = {{resource("same"), config("1")},
                    {resource("other"), config("1")},
                    {resource("gone"), config("1")}};
  ClusterImage after;
  after.configs = {{resource("same"), config("1")},
                   {resource("other"), config("2")},
                   {resource("new"), config("1")}};
  EXPECT_EQ(difference(before, after).changed_configs,
            (std::set<ConfigResource>{resource("gone"), resource("new"), resource("other")}));
  EXPECT_TRUE(difference(before, after).changed_topics.empty());
}

}  // namespace
}  // namespace odradek::metadata
