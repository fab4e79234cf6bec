// SPDX-License-Identifier: Apache-2.0
// What a broker says of replicas whose logs it does not find when it starts.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "base/log.h"
#include "broker/replication/replication_cluster.h"

namespace odradek::broker::testing {
namespace {

class MissingLogsTest : public ::testing::Test, public ReplicationCluster {
 protected:
  MissingLogsTest() : ReplicationCluster(1) {}
};

// What brokers log meanwhile.
class LoggedLines {
 public:
  LoggedLines() {
    base::log::set_level(base::log::Level::kInfo);
    ::testing::internal::CaptureStderr();
  }
  ~LoggedLines() {
    if (!is_taken_) take();
  }
  std::string take() {
    is_taken_ = true;
    const char* wanted = std::getenv("ODRADEK_TEST_LOG");
    if (wanted == nullptr) base::log::set_level(base::log::Level::kOff);
    return ::testing::internal::GetCapturedStderr();
  }

 private:
  bool is_taken_ = false;
};

TEST_F(MissingLogsTest, WhatCameWhileABrokerWasAwayIsNotSaidToBeGone) {
  start_all();
  kill(3);
  fence(3);
  create_topic();
  ASSERT_EQ(code_of_produce(1, "meanwhile"), ErrorCode::kNone);
  LoggedLines lines;
  start(3);
  unfence(3);
  EXPECT_TRUE(eventually([&] { return all_are_at(1); }));
  const std::string told = lines.take();
  EXPECT_NE(told.find("1 partitions had no log here yet"), std::string::npos) << told;
  EXPECT_EQ(told.find("gone"), std::string::npos) << told;
}

TEST_F(MissingLogsTest, WhatWasCountedOnAndIsNotThereIsSaidToBeGone) {
  start_all();
  create_topic();
  kill(3);
  data_[3] = "/another";
  LoggedLines lines;
  start(3);
  const std::string told = lines.take();
  EXPECT_NE(told.find("t-0: its log is in no log directory any more"), std::string::npos) << told;
}

}  // namespace
}  // namespace odradek::broker::testing
