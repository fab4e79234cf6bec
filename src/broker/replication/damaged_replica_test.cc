// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "broker/replication/replication_cluster.h"
#include "wire/messages/fetch.h"

namespace odradek::broker::testing {
namespace {

// A replica with a bit that flipped on its disk (docs/decisions/0024).
class DamagedReplicaTest : public ::testing::Test, public ReplicationCluster {
 protected:
  DamagedReplicaTest() : ReplicationCluster(1) {}

  static constexpr int kRecords = 40;

  // Its logs are closed, and it is started again; a bit has flipped meanwhile.
  void damage(int id) {
    ASSERT_TRUE(eventually([&] { return all_are_at(kRecords); }));
    ASSERT_TRUE(
        env::sim::run_on_worker(simulation_, *hosts_[id], [&] { processes_[id]->close_logs(); }));
    kill(id);
    fence(id);
    flip(id);
    rejoin(id);
    ASSERT_TRUE(eventually([&] { return image().in_sync_replicas.size() == 3; }));
  }
  void flip(int id) {
    hosts_[id]->restart();
    ASSERT_TRUE(env::sim::run_on_worker(simulation_, *hosts_[id], [&] {
      auto& disk = hosts_[id]->world().disk();
      auto file = disk.open(data_[id] + "/t-0/00000000000000000000.log", env::OpenMode::kReadWrite);
      ASSERT_TRUE(file) << file.error().message;
      const std::uint64_t middle = *(*file)->size() / 2;
      std::vector<std::uint8_t> byte(1);
      ASSERT_TRUE((*file)->read_at(middle, byte));
      byte[0] ^= 4;
      ASSERT_TRUE((*file)->write_at(middle, byte));
      ASSERT_TRUE((*file)->flush());
    }));
  }
  void lead(int id) {
    for (int other = 1; image().leader != BrokerId(id) && other <= kBrokers; ++other) {
      if (other == id) continue;
      fence(other);
      unfence(other);
      ASSERT_TRUE(eventually([&] { return image().in_sync_replicas.size() == 3; }));
    }
    ASSERT_EQ(image().leader, BrokerId(id));
  }
  // What a consumer at the broker is answered, from one offset on to the end or an error.
  ErrorCode consume(int id) {
    for (Offset at{0}; at < Offset(kRecords);) {
      wire::FetchRequest request;
      request.max_bytes = 1 << 20;
      auto& topic = request.topics.emplace_back();
      topic.topic_id = cluster_.topic("t").id;
      auto& wanted = topic.partitions.emplace_back();
      wanted.partition = 0;
      wanted.fetch_offset = at;
      wanted.partition_max_bytes = 1 << 20;
      auto response = ask<wire::FetchResponse>(id, request);
      if (!response) return response.error().code;
      const auto& data = response->responses.at(0).partitions.at(0);
      if (data.error_code != ErrorCode::kNone) return data.error_code;
      const auto records = records_in(data.records->bytes().view());
      if (records.empty()) return ErrorCode::kUnknownServerError;
      at = records.rbegin()->first + 1;
    }
    return ErrorCode::kNone;
  }
  std::vector<std::uint8_t> bytes_of(int id) {
    std::vector<std::uint8_t> content;
    EXPECT_TRUE(env::sim::run_on_worker(simulation_, *hosts_[id],
                                        [&] { content = content_of(*partition(id)); }));
    return content;
  }
};

TEST_F(DamagedReplicaTest, HandsOverAndIsCopiedAgain) {
  start_all();
  create_topic();
  for (int i = 0; i < kRecords; ++i) ASSERT_EQ(code_of_produce(1, "value"), ErrorCode::kNone);
  damage(1);
  lead(1);
  const ErrorCode answered = consume(1);
  EXPECT_EQ(answered, ErrorCode::kNotLeaderOrFollower) << base::error_name(answered);
  ASSERT_TRUE(eventually([&] { return image().leader != BrokerId(1); })) << "it goes on leading";
  ASSERT_TRUE(eventually([&] { return image().in_sync_replicas.size() == 3; }));
  EXPECT_EQ(image().directories.front(), directory_of(BrokerId(1)));
  EXPECT_TRUE(eventually([&] { return all_are_at(kRecords); }));
  EXPECT_EQ(bytes_of(1), bytes_of(2));
  lead(1);
  EXPECT_EQ(consume(1), ErrorCode::kNone);
  EXPECT_EQ(code_of_produce(1, "after"), ErrorCode::kNone);
}

// The hole stays, and nothing wrong is served.
TEST_F(DamagedReplicaTest, TheOnlyOneInSyncKeepsWhatItHas) {
  start_all();
  create_topic({{"min.insync.replicas", "1"}});
  for (int i = 0; i < kRecords; ++i) ASSERT_EQ(code_of_produce(1, "value"), ErrorCode::kNone);
  damage(1);
  lead(1);
  for (const int id : {2, 3}) {
    kill(id);
    fence(id);
  }
  ASSERT_EQ(image().in_sync_replicas, std::vector{BrokerId(1)});
  simulation_.run_for(seconds(1));
  EXPECT_EQ(consume(1), ErrorCode::kCorruptMessage);
  simulation_.run_for(seconds(5));
  EXPECT_EQ(image().leader, BrokerId(1));
  EXPECT_EQ(code_of_produce(1, "after"), ErrorCode::kNone);
}

}  // namespace
}  // namespace odradek::broker::testing
