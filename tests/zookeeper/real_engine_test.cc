// SPDX-License-Identifier: Apache-2.0
// The engine on a real ZooKeeper: three brokers of one process, through all that can happen to
// their connections. What random faults find is left to the simulation.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "quorum/zookeeper/engine_test_cluster.h"
#include "zookeeper/harness.h"

namespace odradek::zookeeper_test {
namespace {

using quorum::zookeeper::engine_test::Broker;
using Values = std::vector<std::pair<std::string, std::string>>;

class RealEngineTest : public testing::Test {
 protected:
  void SetUp() override {
    for (int id = 1; id <= 3; ++id) brokers_.push_back(make(id));
  }
  void TearDown() override {
    for (auto& broker : brokers_) {
      if (broker) stop(broker);
    }
  }

  std::unique_ptr<Broker> make(int id) {
    quorum::zookeeper::EngineOptions options;
    options.max_changes_between_snapshots = 20;
    std::unique_ptr<Broker> made;
    harness_->on_loop([&] {
      made = std::make_unique<Broker>(harness_->world(), id, options, [&](SessionHandler handler) {
        return harness_->make_session(host_of(id), {.chroot = "/engine"}, std::move(handler));
      });
    });
    made->start("cluster" + std::to_string(id));
    return made;
  }
  static std::string host_of(int id) { return "broker" + std::to_string(id); }
  void stop(std::unique_ptr<Broker>& broker) {
    bool is_closed = false;
    broker->run([&] { broker->engine().close([&] { is_closed = true; }); });
    ASSERT_TRUE(harness_->run_until([&] { return is_closed; }));
    harness_->on_loop([&] { broker.reset(); });
  }
  Broker* lead() {
    for (auto& broker : brokers_) {
      if (broker && broker->is_lead()) return broker.get();
    }
    return nullptr;
  }
  // By whoever leads, until somebody says that it is done.
  void commit(const Values& values) {
    for (bool is_done = false; !is_done;) {
      std::optional<bool> outcome;
      ASSERT_TRUE(harness_->run_until([&] { return lead() != nullptr; }));
      harness_->on_loop([&] {
        Broker* leading = lead();
        if (leading == nullptr) {
          outcome = false;
          return;
        }
        leading->commit(values, [&](const base::Result<quorum::Position>& result) {
          outcome = result.has_value();
        });
      });
      ASSERT_TRUE(harness_->run_until([&] { return outcome.has_value(); }));
      is_done = *outcome;
    }
    for (const auto& [key, value] : values) expected_[key] = value;
  }
  void expect_settled() {
    EXPECT_TRUE(harness_->run_until([&] {
      for (auto& broker : brokers_) {
        const bool is_settled = broker->is_registered && broker->controller &&
                                broker->state == brokers_[0]->state &&
                                broker->state.values == expected_;
        if (!is_settled) return false;
      }
      return lead() != nullptr;
    }));
    for (auto& broker : brokers_) EXPECT_EQ(broker->damage, "");
  }

  std::unique_ptr<Harness> harness_ = make_real_harness();
  std::vector<std::unique_ptr<Broker>> brokers_;
  std::map<std::string, std::string> expected_;
};

TEST_F(RealEngineTest, ThreeBrokersKeepOneOrder) {
  commit({{"a", "1"}, {"b", "1"}});
  Values large;
  for (int i = 0; i < 30; ++i)
    large.emplace_back("large" + std::to_string(i), std::string(60'000, 'x'));
  commit(large);
  expect_settled();

  // Connections break under commits.
  for (int i = 0; i < 60; ++i) {
    if (i % 6 == 3) harness_->drop_connections(host_of(i % 3 + 1));
    commit({{"key" + std::to_string(i % 4), std::to_string(i)}});
  }
  expect_settled();

  // The controller is cut off until another one is elected.
  int old = 0;
  harness_->on_loop([&] { old = lead()->id(); });
  harness_->cut(host_of(old));
  ASSERT_TRUE(harness_->run_until([&] {
    return std::ranges::any_of(
        brokers_, [&](auto& broker) { return broker->id() != old && broker->is_lead(); });
  }));
  harness_->heal(host_of(old));
  ASSERT_TRUE(harness_->run_until(
      [&] { return brokers_[static_cast<std::size_t>(old - 1)]->losses.size() == 1; }));
  commit({{"a", "2"}});
  expect_settled();

  // ZooKeeper goes and comes back under a commit.
  std::optional<bool> outcome;
  harness_->go_away();
  harness_->on_loop([&] {
    lead()->commit({{"a", "3"}}, [&](const base::Result<quorum::Position>& result) {
      outcome = result.has_value();
    });
  });
  harness_->come_back();
  ASSERT_TRUE(harness_->run_until([&] { return outcome.has_value(); }));
  commit({{"a", "4"}});
  expect_settled();

  // One comes back with nothing, to a log that was trimmed.
  stop(brokers_[2]);
  for (int i = 0; i < 45; ++i) commit({{"key" + std::to_string(i % 4), std::to_string(i)}});
  brokers_[2] = make(3);
  expect_settled();
  EXPECT_EQ(brokers_[2]->snapshots_read, 1);
}

TEST(RealEngineAccessTest, NobodyElseReadsWhatMayHoldCredentials) {
  const auto harness = make_real_harness();
  const SessionOptions ours = {
      .chroot = "/engine-access", .set_acl = true, .digest_credentials = "kafka:secret"};
  std::unique_ptr<Broker> broker;
  harness->on_loop([&] {
    broker = std::make_unique<Broker>(
        harness->world(), 1, quorum::zookeeper::EngineOptions{}, [&](SessionHandler handler) {
          return harness->make_session("broker1", ours, std::move(handler));
        });
  });
  broker->start("cluster");
  ASSERT_TRUE(harness->run_until([&] { return broker->is_lead(); }));
  bool is_done = false;
  bool is_kept = false;
  harness->on_loop([&] {
    broker->engine().commit({quorum::zookeeper::to_bytes("user=secret")},
                            {{"/config/topics/orders", {}, false},
                             {"/config/users/alice", {}, false, Operation::Readers::kCreator}},
                            base::Timestamp(1), [&](const base::Result<quorum::Position>& result) {
                              is_done = result.has_value();
                              broker->write_snapshot();
                            });
  });
  ASSERT_TRUE(harness->run_until([&] { return broker->snapshots_written == 1; }));
  EXPECT_TRUE(is_done);
  harness->on_loop([&] {
    broker->engine().commit(
        {quorum::zookeeper::to_bytes("user=other")}, {}, base::Timestamp(2),
        [&](const base::Result<quorum::Position>& result) { is_kept = result.has_value(); });
  });
  ASSERT_TRUE(harness->run_until([&] { return is_kept; }));
  {
    Peer stranger(*harness, "stranger", {.chroot = "/engine-access"});
    ASSERT_TRUE(stranger.connect());
    ASSERT_TRUE(stranger.sync());
    EXPECT_TRUE(stranger.get("/config/topics/orders"));
    for (const char* hidden : {"/config/users/alice", "/odradek/changes/00000000000000000001",
                               "/odradek/snapshots/00000000000000000001-0000000001/00000"}) {
      const auto node = stranger.get(hidden);
      ASSERT_FALSE(node) << hidden;
      EXPECT_EQ(node.error().code, Code::kNoAuth) << hidden;
    }
  }
  bool is_closed = false;
  harness->on_loop([&] { broker->engine().close([&] { is_closed = true; }); });
  ASSERT_TRUE(harness->run_until([&] { return is_closed; }));
  harness->on_loop([&] { broker.reset(); });
}

}  // namespace
}  // namespace odradek::zookeeper_test
