// SPDX-License-Identifier: Apache-2.0
// What only a real ensemble has: access lists, and servers that do not answer.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <vector>

#include "zookeeper/harness.h"

namespace odradek::zookeeper_test {
namespace {

Code code_of(const Outcome<>& outcome) {
  EXPECT_FALSE(outcome.has_value());
  return outcome.has_value() ? Code::kOther : outcome.error().code;
}

TEST(RealClientSessionTest, WithAccessListsOnlyTheCreatorChangesWhatItMade) {
  const auto harness = make_real_harness();
  const SessionOptions ours = {
      .chroot = "/access", .set_acl = true, .digest_credentials = "kafka:secret"};
  Peer creator(*harness, "a", ours);
  Peer same_identity(*harness, "b", ours);
  Peer stranger(*harness, "c", {.chroot = "/access", .digest_credentials = "other:secret"});
  ASSERT_TRUE(creator.connect());
  ASSERT_TRUE(same_identity.connect());
  ASSERT_TRUE(stranger.connect());
  ASSERT_TRUE(creator.multi({Operation::create("/open", {}),
                             Operation::create("/closed", {}, Operation::Life::kPersistent,
                                               Operation::Readers::kCreator)}));
  ASSERT_TRUE(stranger.sync());
  EXPECT_TRUE(stranger.get("/open"));
  const auto hidden = stranger.get("/closed");
  ASSERT_FALSE(hidden);
  EXPECT_EQ(hidden.error().code, Code::kNoAuth);
  EXPECT_EQ(code_of(stranger.multi({Operation::set("/open", {})})), Code::kNoAuth);
  EXPECT_EQ(code_of(stranger.multi({Operation::create("/open/child", {})})), Code::kNoAuth);
  EXPECT_TRUE(same_identity.multi({Operation::set("/open", {}), Operation::set("/closed", {})}));
  // An identity survives the loss of a connection.
  harness->drop_connections("a");
  ASSERT_TRUE(creator.wait_for("disconnected"));
  ASSERT_TRUE(harness->run_until([&] { return creator.session().is_connected(); }));
  EXPECT_TRUE(creator.multi({Operation::remove("/open"), Operation::remove("/closed")}));
}

// The C client takes no credentials while it is between two connections.
TEST(RealClientSessionTest, CredentialsOutliveConnectionsThatFailedBeforeTheFirstOne) {
  const auto harness = make_real_harness();
  const SessionOptions ours = {.chroot = "/late",
                               .connection_timeout_ms = 20,
                               .set_acl = true,
                               .digest_credentials = "kafka:secret"};
  harness->cut("a");
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 20; ++i) {
    peers.push_back(std::make_unique<Peer>(*harness, "a", ours));
    peers.back()->open();
  }
  for (const auto& peer : peers) ASSERT_TRUE(peer->wait_for("unreachable"));
  harness->heal("a");
  for (const auto& peer : peers) {
    ASSERT_TRUE(harness->run_until([&] { return peer->session().is_connected(); }));
    const auto made = peer->multi({Operation::create("/closed", {}, Operation::Life::kPersistent,
                                                     Operation::Readers::kCreator)});
    ASSERT_TRUE(made) << made.error().message;
    ASSERT_TRUE(peer->multi({Operation::remove("/closed")}));
  }
}

// The C client doubles it, and lost its way where that is no number any more.
TEST(RealClientSessionTest, ATimeOutOfWeeksIsGrantedAsTheServerGrantsIt) {
  const auto harness = make_real_harness();
  Peer peer(*harness, "a", {.session_timeout_ms = 2'000'000'000, .connection_timeout_ms = 30'000});
  EXPECT_TRUE(peer.connect());
}

// A server answers nobody who asked for a session before it was ready.
TEST(RealClientSessionTest, ARequestForASessionThatIsNotAnsweredIsMadeAgainSoon) {
  const auto harness = make_real_harness();
  Peer first(*harness, "other");
  ASSERT_TRUE(first.connect()) << "the server is ready";
  harness->ignore_next("a");
  const auto begin = harness->world().clock().monotonic();
  Peer peer(*harness, "a", {.session_timeout_ms = 60'000, .connection_timeout_ms = 60'000});
  ASSERT_TRUE(peer.connect());
  EXPECT_LT(harness->world().clock().monotonic() - begin, std::chrono::seconds(12))
      << "the client by itself waits for 40 s";
  EXPECT_TRUE(peer.multi({Operation::create("/asked-again", {})}));
}

}  // namespace
}  // namespace odradek::zookeeper_test
