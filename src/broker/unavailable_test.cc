// SPDX-License-Identifier: Apache-2.0
#include "broker/unavailable.h"

#include <gtest/gtest.h>

#include <string>

namespace odradek::broker {
namespace {

base::Result<> check(const std::string& file) {
  return check_available(config::Settings::parse("f", file, {}).value());
}

TEST(UnavailableTest, ADefaultOrALoneNodeAsksForNothing) {
  EXPECT_TRUE(check(""));
  EXPECT_TRUE(check("authorizer.class.name=\ncompression.type=producer\n"));
  EXPECT_TRUE(
      check("process.roles=broker,controller\nnode.id=3\n"
            "controller.quorum.voters=3@localhost:9093\n"));
}

TEST(UnavailableTest, WhatIsNotThereIsRefusedByName) {
  for (const std::string line :
       {"authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "zookeeper.connect=localhost:2181", "remote.log.storage.system.enable=true",
        "compression.type=zstd", "create.topic.policy.class.name=com.example.Policy",
        "controller.quorum.voters=1@a:9093,2@b:9093", "process.roles=controller"}) {
    const auto refused = check(line);
    ASSERT_FALSE(refused) << line;
    EXPECT_EQ(refused.error().code, base::ErrorCode::kInvalidConfig);
    EXPECT_TRUE(refused.error().message.starts_with(line)) << refused.error().message;
  }
}

}  // namespace
}  // namespace odradek::broker
