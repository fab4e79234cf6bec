// SPDX-License-Identifier: Apache-2.0
#include "wire/api.h"

#include <gtest/gtest.h>

#include <set>

namespace odradek::wire {
namespace {

TEST(Apis, AreSortedAndFoundByKey) {
  std::int16_t last = -1;
  for (const ApiDescription& api : all_apis()) {
    auto key = static_cast<std::int16_t>(api.key);
    EXPECT_LT(last, key);
    last = key;
    EXPECT_EQ(find_api(key), &api);
    EXPECT_EQ(&describe_api(api.key), &api);
    EXPECT_LE(api.min_version, api.latest_stable_version);
    EXPECT_LE(api.latest_stable_version, api.max_version);
    EXPECT_TRUE(api.on_broker || api.on_controller) << api.name;
  }
  EXPECT_EQ(all_apis().size(), 91U);
  EXPECT_EQ(last, 94);
}

TEST(Apis, RemovedAndUnknownKeysAreNotThere) {
  for (std::int16_t key : {-1, 4, 5, 6, 7, 95, 32767}) EXPECT_EQ(find_api(key), nullptr) << key;
}

TEST(Apis, VersionsReachDownToThoseOfThreeNine) {
  auto span = [](ApiKey key) {
    const ApiDescription& api = describe_api(key);
    return std::pair(api.min_version, api.max_version);
  };
  EXPECT_EQ(span(ApiKey::kProduce), std::pair(Version{3}, Version{13}));
  EXPECT_EQ(span(ApiKey::kFetch), std::pair(Version{4}, Version{18}));
  EXPECT_EQ(span(ApiKey::kOffsetCommit), std::pair(Version{0}, Version{10}));
  EXPECT_EQ(span(ApiKey::kOffsetFetch), std::pair(Version{0}, Version{10}));
  EXPECT_EQ(span(ApiKey::kCreateTopics), std::pair(Version{0}, Version{7}));
  EXPECT_EQ(span(ApiKey::kShareFetch), std::pair(Version{1}, Version{2}));
}

TEST(Apis, AVersionThatIsNotStableIsKnownButNotOffered) {
  const ApiDescription& api = describe_api(ApiKey::kInitProducerId);
  EXPECT_EQ(api.max_version, 6);
  EXPECT_EQ(api.latest_stable_version, 5);
  EXPECT_TRUE(api.knows(6));
  EXPECT_FALSE(api.knows(7));
}

TEST(MessageTypes, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (const MessageType& type : all_message_types()) {
    EXPECT_TRUE(names.insert(type.name).second) << type.name;
    EXPECT_EQ(type.name, type.layout().name);
  }
}

}  // namespace
}  // namespace odradek::wire
