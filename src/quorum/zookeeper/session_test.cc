// SPDX-License-Identifier: Apache-2.0
#include "quorum/zookeeper/session.h"

#include <gtest/gtest.h>

#include "quorum/zookeeper/connect_string.h"

namespace odradek::quorum::zookeeper {
namespace {

TEST(ConnectStringTest, HasServersWithPortsAndAChroot) {
  const auto parsed = parse_connect_string("zk1:2182, zk2 ,[::1]:2183,[fe80::1]/kafka/one");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->servers, "zk1:2182,zk2:2181,[::1]:2183,[fe80::1]:2181");
  EXPECT_EQ(parsed->servers_of_client(), "zk1:2182,zk2:2181,::1:2183,fe80::1:2181");
  EXPECT_EQ(parsed->chroot, "/kafka/one");
  EXPECT_EQ(parse_connect_string("a:1"), (ConnectString{"a:1", ""}));
  EXPECT_EQ(parse_connect_string("a:1/"), (ConnectString{"a:1", ""}));
}

TEST(ConnectStringTest, RefusesWhatIsNoConnectStringAndNamesIt) {
  for (const char* text :
       {"", "/chroot", "a:", "a:0", "a:65536", "a:x", "a,,b", "a b:1", "[::1:1", "a:1/x/", "a:1//x",
        "a:1/x/../y", "a:1/\x01", "a:1/x,b:1/x", "a:1/x,b:1", "a:1/zookeeper", "a:1/zookeeper/x"}) {
    const auto parsed = parse_connect_string(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, base::ErrorCode::kInvalidConfig);
    EXPECT_TRUE(parsed.error().message.starts_with(std::string("zookeeper.connect=") + text));
  }
}

TEST(OperationsTest, AMultiHasABoundAndGoodPaths) {
  const auto bytes = base::SharedBytes::allocate(kMaxMultiBytes / 2 - 200);
  EXPECT_TRUE(check_multi({Operation::set("/a", bytes), Operation::set("/b", bytes)}));
  const auto large = check_multi(
      {Operation::set("/a", bytes), Operation::set("/b", bytes), Operation::set("/c", bytes)});
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, Code::kTooLarge);
  for (const char* path : {"", "a", "/a/", "//", "/a//b", "/a/./b", "/..", "/a\n"}) {
    const auto bad = check_multi({Operation::check("/a"), Operation::remove(path)});
    ASSERT_FALSE(bad) << path;
    EXPECT_EQ(bad.error().code, Code::kBadArguments);
  }
  EXPECT_FALSE(check_multi({}));
}

}  // namespace
}  // namespace odradek::quorum::zookeeper
