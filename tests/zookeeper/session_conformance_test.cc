// SPDX-License-Identifier: Apache-2.0
// What the engine relies on, held against the simulated ensemble and a real one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "zookeeper/harness.h"

namespace odradek::zookeeper_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

base::SharedBytes bytes(std::string_view text) {
  return base::SharedBytes::copy(base::as_bytes(text));
}
Operation create(const std::string& path, std::string_view text = {}) {
  return Operation::create(path, bytes(text));
}
Operation create_ephemeral(const std::string& path) {
  return Operation::create(path, bytes("mine"), Operation::Life::kEphemeral);
}
template <typename Value>
Code code_of(const Outcome<Value>& outcome) {
  EXPECT_FALSE(outcome.has_value());
  return outcome.has_value() ? Code::kOther : outcome.error().code;
}
std::string text_of(const Outcome<zookeeper::Node>& node) {
  return node ? std::string(base::as_text(node->bytes.view()))
              : zookeeper::name_of(node.error().code);
}

struct Kind {
  const char* name;
  std::unique_ptr<Harness> (*make)();
};

class SessionConformanceTest : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    harness_ = GetParam().make();
    // Paths of the test's own: a real server keeps what the last one left.
    static int tests = 0;
    chroot_ = "/conformance/" + std::to_string(++tests);
  }
  SessionOptions options() const { return {.chroot = chroot_}; }

  std::unique_ptr<Harness> harness_;
  std::string chroot_;
};

TEST_P(SessionConformanceTest, ConnectsAndHasANameOfItsOwn) {
  Peer one(*harness_, "a", options());
  Peer two(*harness_, "b", options());
  EXPECT_FALSE(one.is_connected());
  EXPECT_EQ(one.id(), 0);
  ASSERT_TRUE(one.connect());
  ASSERT_TRUE(two.connect());
  EXPECT_NE(one.id(), 0);
  EXPECT_NE(one.id(), two.id());
  ASSERT_TRUE(one.wait_for("connected"));
  EXPECT_THAT(one.events(), ElementsAre("connected"));
}

TEST_P(SessionConformanceTest, WritesAndReads) {
  Peer peer(*harness_, "a", options());
  ASSERT_TRUE(peer.connect());
  ASSERT_TRUE(peer.multi({create("/n", "one"), create("/n/b"), create("/n/a"), create("/n/c"),
                          create_ephemeral("/e")}));
  EXPECT_EQ(text_of(peer.get("/n")), "one");
  EXPECT_EQ(text_of(peer.get("/n/a")), "");
  EXPECT_THAT(*peer.children("/n"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(*peer.children("/n/a"), IsEmpty());
  EXPECT_THAT(*peer.children("/"), ElementsAre("e", "n"));
  const auto persistent = *peer.exists("/n");
  ASSERT_TRUE(persistent);
  EXPECT_EQ(persistent->version, 0);
  EXPECT_EQ(persistent->ephemeral_owner, 0);
  EXPECT_EQ(persistent->children, 3);
  EXPECT_EQ((*peer.exists("/e"))->ephemeral_owner, peer.id());
  EXPECT_FALSE(*peer.exists("/missing"));
}

TEST_P(SessionConformanceTest, CountsVersionsAndTellsNodesApart) {
  Peer peer(*harness_, "a", options());
  ASSERT_TRUE(peer.connect());
  ASSERT_TRUE(peer.multi({create("/n", "0")}));
  ASSERT_TRUE(peer.multi({Operation::set("/n", bytes("1"), 0)}));
  ASSERT_TRUE(peer.multi({Operation::set("/n", bytes("2"), 1), Operation::check("/n", 2),
                          Operation::set("/n", bytes("3"))}));
  const auto before = peer.get("/n");
  EXPECT_EQ(text_of(before), "3");
  EXPECT_EQ(before->stat.version, 3);
  EXPECT_GT(before->stat.modified_zxid, before->stat.created_zxid);
  ASSERT_TRUE(peer.multi({Operation::remove("/n", 3), create("/n")}));
  const auto after = *peer.exists("/n");
  EXPECT_EQ(after->version, 0);
  EXPECT_NE(after->created_zxid, before->stat.created_zxid);
}

TEST_P(SessionConformanceTest, AMultiTellsTheVersionsThatItLeaves) {
  Peer peer(*harness_, "a", options());
  ASSERT_TRUE(peer.connect());
  ASSERT_TRUE(peer.multi({create("/n", "0"), create("/gone")}));
  ASSERT_TRUE(peer.multi({Operation::set("/n", bytes("1")), Operation::set("/n", bytes("2"))}));
  const auto versions = peer.multi_with_versions(
      {Operation::check("/n", 2), Operation::set("/n", bytes("3")), create("/m"),
       Operation::remove("/gone"), Operation::set("/m", {}), Operation::set("/n", bytes("4"), 3)});
  ASSERT_TRUE(versions);
  EXPECT_THAT(*versions, ElementsAre(0, 3, 0, 0, 1, 4));
  const auto refused = peer.multi_with_versions({Operation::set("/n", {}), create("/m")});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().operation, 1U);
}

struct RefusedMulti {
  std::vector<Operation> operations;
  Code code;
};

TEST_P(SessionConformanceTest, RefusesAMultiAsAWholeAndSaysWhere) {
  Peer peer(*harness_, "a", options());
  ASSERT_TRUE(peer.connect());
  ASSERT_TRUE(peer.multi({create("/n", "old"), create("/n/child"), create_ephemeral("/e")}));
  const std::vector<RefusedMulti> refused = {
      {{create("/n")}, Code::kNodeExists},
      {{create("/missing/n")}, Code::kNoNode},
      {{create("/e/n")}, Code::kNoChildrenForEphemerals},
      {{Operation::set("/missing", {})}, Code::kNoNode},
      {{Operation::set("/n", {}, 7)}, Code::kBadVersion},
      {{Operation::remove("/missing")}, Code::kNoNode},
      {{Operation::remove("/e", 7)}, Code::kBadVersion},
      {{Operation::remove("/n")}, Code::kNotEmpty},
      {{Operation::check("/missing", 0)}, Code::kNoNode},
      {{Operation::check("/n", 7)}, Code::kBadVersion},
  };
  for (const RefusedMulti& attempt : refused) {
    // Among operations that would succeed.
    std::vector<Operation> operations = {create("/new"), Operation::set("/n", bytes("new")),
                                         Operation::remove("/n/child")};
    if (attempt.code == Code::kNotEmpty) operations.pop_back();
    const std::size_t place = operations.size();
    operations.push_back(attempt.operations.front());
    operations.push_back(create("/later"));
    const auto outcome = peer.multi(operations);
    EXPECT_EQ(code_of(outcome), attempt.code);
    EXPECT_EQ(outcome.error().operation, place);
    EXPECT_THAT(*peer.children("/"), ElementsAre("e", "n"));
    EXPECT_THAT(*peer.children("/n"), ElementsAre("child"));
    EXPECT_EQ(text_of(peer.get("/n")), "old");
  }
  EXPECT_EQ(code_of(peer.get("/missing")), Code::kNoNode);
  EXPECT_EQ(code_of(peer.children("/missing")), Code::kNoNode);
}

TEST_P(SessionConformanceTest, RefusesBadPathsAndTooLargeMultisBeforeTheyAreSent) {
  Peer peer(*harness_, "a", options());
  ASSERT_TRUE(peer.connect());
  EXPECT_EQ(code_of(peer.get("n")), Code::kBadArguments);
  EXPECT_EQ(code_of(peer.exists("/n/")), Code::kBadArguments);
  EXPECT_EQ(code_of(peer.children("/../n")), Code::kBadArguments);
  EXPECT_EQ(code_of(peer.multi({create("/n"), create("//")})), Code::kBadArguments);
  EXPECT_EQ(code_of(peer.multi({})), Code::kBadArguments);
  const std::string large(zookeeper::kMaxMultiBytes - 1000, 'x');
  EXPECT_EQ(code_of(peer.multi({create("/n", large), create("/m", large)})), Code::kTooLarge);
  ASSERT_TRUE(peer.multi({create("/n", large), create("/m")}));
  EXPECT_EQ(peer.get("/n")->bytes.size(), large.size());
  EXPECT_THAT(peer.events(), ElementsAre("connected"));
}

TEST_P(SessionConformanceTest, AWatchIsToldOnce) {
  Peer watcher(*harness_, "a", options());
  Peer writer(*harness_, "b", options());
  ASSERT_TRUE(watcher.connect());
  ASSERT_TRUE(writer.connect());
  ASSERT_TRUE(writer.multi({create("/n"), create("/p"), create("/p/c")}));
  ASSERT_TRUE(watcher.sync());
  ASSERT_TRUE(watcher.watch_node("/n", "n"));
  ASSERT_TRUE(watcher.watch_exists("/new", "new"));
  ASSERT_TRUE(watcher.watch_exists("/p/c", "c"));
  ASSERT_TRUE(watcher.watch_children("/p", "p"));
  EXPECT_EQ(code_of(watcher.watch_node("/missing", "missing")), Code::kNoNode);
  ASSERT_TRUE(writer.multi({Operation::set("/n", {})}));
  ASSERT_TRUE(writer.multi({create("/new")}));
  ASSERT_TRUE(writer.multi({Operation::set("/p", {})}));  // no child's coming or going
  ASSERT_TRUE(writer.multi({Operation::remove("/p/c")}));
  // Nobody watches these any more, or ever did.
  ASSERT_TRUE(writer.multi(
      {Operation::set("/n", {}), Operation::set("/new", {}), create("/p/d"), create("/missing")}));
  ASSERT_TRUE(watcher.sync());
  ASSERT_TRUE(watcher.exists("/"));
  const auto events = watcher.events();
  EXPECT_THAT(events, testing::UnorderedElementsAre("connected", "n: changed", "new: created",
                                                    "c: deleted", "p: children"));
}

TEST_P(SessionConformanceTest, AWatchComesBeforeTheReadThatShowsTheChange) {
  Peer watcher(*harness_, "a", options());
  Peer writer(*harness_, "b", options());
  ASSERT_TRUE(watcher.connect());
  ASSERT_TRUE(writer.connect());
  ASSERT_TRUE(writer.multi({create("/n", "old")}));
  ASSERT_TRUE(watcher.sync());
  for (int round = 0; round < 20; ++round) {
    const std::string now = std::to_string(round);
    ASSERT_TRUE(watcher.watch_node("/n", "watch " + now));
    bool is_written = false;
    harness_->on_loop([&] {
      writer.session().multi({Operation::set("/n", bytes(now))},
                             [&](Outcome<> outcome) { is_written = outcome.has_value(); });
    });
    while (text_of(watcher.get("/n")) != now) {
    }
    const auto events = watcher.events();
    EXPECT_EQ(events.back(), "watch " + now + ": changed");
    ASSERT_TRUE(harness_->run_until([&] { return is_written; }));
  }
}

TEST_P(SessionConformanceTest, AnswersInTheOrderOfTheCalls) {
  Peer peer(*harness_, "a", options());
  ASSERT_TRUE(peer.connect());
  std::vector<int> order;
  harness_->on_loop([&] {
    Session& session = peer.session();
    for (int i = 0; i < 60; i += 4) {
      const std::string path = "/n" + std::to_string(i);
      session.multi({create(path)}, [&, i](Outcome<> done) {
        EXPECT_TRUE(done);
        order.push_back(i);
      });
      session.exists(path, [&, i](Outcome<std::optional<zookeeper::Stat>> found) {
        EXPECT_TRUE(found && *found);
        order.push_back(i + 1);
      });
      session.multi({create(path)}, [&, i](Outcome<> done) {
        EXPECT_EQ(code_of(done), Code::kNodeExists);
        order.push_back(i + 2);
      });
      session.sync([&, i](Outcome<> done) {
        EXPECT_TRUE(done);
        order.push_back(i + 3);
      });
    }
    EXPECT_THAT(order, IsEmpty());  // never in the middle of a call
  });
  ASSERT_TRUE(harness_->run_until([&] { return order.size() == 60; }));
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST_P(SessionConformanceTest, ASyncCatchesUpWithEverybody) {
  Peer writer(*harness_, "a", options());
  Peer reader(*harness_, "b", options());
  ASSERT_TRUE(writer.connect());
  ASSERT_TRUE(reader.connect());
  ASSERT_TRUE(writer.multi({create("/n")}));
  for (int round = 0; round < 20; ++round) {
    ASSERT_TRUE(writer.multi({Operation::set("/n", bytes(std::to_string(round)))}));
    ASSERT_TRUE(reader.sync());
    EXPECT_EQ(text_of(reader.get("/n")), std::to_string(round));
  }
}

TEST_P(SessionConformanceTest, ALostConnectionKeepsTheSession) {
  Peer peer(*harness_, "a", options());
  Peer other(*harness_, "b", options());
  ASSERT_TRUE(peer.connect());
  ASSERT_TRUE(other.connect());
  ASSERT_TRUE(peer.multi({create_ephemeral("/e"), create("/n"), create("/p")}));
  ASSERT_TRUE(peer.watch_node("/n", "n"));
  ASSERT_TRUE(peer.watch_exists("/new", "new"));
  ASSERT_TRUE(peer.watch_children("/p", "p"));
  ASSERT_TRUE(peer.watch_exists("/quiet", "quiet"));
  const auto id = peer.id();
  harness_->drop_connections("a");
  ASSERT_TRUE(peer.wait_for("disconnected"));
  ASSERT_TRUE(other.multi({Operation::set("/n", {}), create("/new"), create("/p/c")}));
  for (const char* event : {"n: changed", "new: created", "p: children"}) {
    ASSERT_TRUE(peer.wait_for(event)) << event;
  }
  EXPECT_EQ(peer.id(), id);
  EXPECT_TRUE(*peer.exists("/e"));
  // A watch of before, set off after.
  ASSERT_TRUE(other.multi({create("/quiet")}));
  ASSERT_TRUE(peer.wait_for("quiet: created"));
  const auto events = peer.events();
  EXPECT_EQ(events[0], "connected");
  EXPECT_EQ(events[1], "disconnected");
  EXPECT_EQ(events[2], "connected");
  EXPECT_EQ(events.size(), 7U);
}

TEST_P(SessionConformanceTest, WhatWasInFlightFailsBeforeTheDisconnection) {
  Peer peer(*harness_, "a", options());
  ASSERT_TRUE(peer.connect());
  ASSERT_TRUE(peer.multi({create("/one"), create("/two")}));
  constexpr int kCalls = 50;
  int answered = 0;
  std::vector<Code> failures;
  for (int i = 0; i < kCalls; ++i) {
    harness_->on_loop([&, i] {
      const auto name = bytes(std::to_string(i));
      peer.session().multi({Operation::set("/one", name), Operation::set("/two", name)},
                           [&](Outcome<> outcome) {
                             ++answered;
                             if (outcome) return;
                             failures.push_back(outcome.error().code);
                             // Even the calls that nobody sent: in the order of the calls.
                             const auto& told = failures;
                             EXPECT_EQ(told.back(), Code::kConnectionLoss);
                           });
    });
    if (i == kCalls / 2) harness_->cut("a");
  }
  ASSERT_TRUE(harness_->run_until([&] { return answered == kCalls; }));
  ASSERT_TRUE(peer.wait_for("disconnected"));
  EXPECT_THAT(failures, testing::Not(IsEmpty()));
  EXPECT_EQ(code_of(peer.get("/one")), Code::kConnectionLoss);
  harness_->heal("a");
  ASSERT_TRUE(harness_->run_until([&] { return peer.session().is_connected(); }));
  // The outcome is known after a sync: each of the multis as a whole or not at all.
  ASSERT_TRUE(peer.sync());
  const auto one = peer.get("/one");
  const auto two = peer.get("/two");
  EXPECT_EQ(text_of(one), text_of(two));
  EXPECT_GE(one->stat.version, kCalls - static_cast<int>(failures.size()));
  EXPECT_EQ(one->stat.version, two->stat.version);
}

TEST_P(SessionConformanceTest, ASessionExpiresAndIsOpenedAnew) {
  Peer peer(*harness_, "a", options());
  Peer other(*harness_, "b", options());
  ASSERT_TRUE(peer.connect());
  ASSERT_TRUE(other.connect());
  const auto id = peer.id();
  ASSERT_TRUE(peer.multi({create_ephemeral("/e")}));
  ASSERT_TRUE(peer.watch_exists("/new", "new"));
  ASSERT_TRUE(other.sync());
  ASSERT_TRUE(other.watch_exists("/e", "e"));
  harness_->cut("a");
  ASSERT_TRUE(other.wait_for("e: deleted"));
  harness_->heal("a");
  ASSERT_TRUE(peer.wait_for("expired"));
  EXPECT_THAT(peer.events(), ElementsAre("connected", "disconnected", "expired"));
  EXPECT_EQ(peer.id(), 0);
  EXPECT_EQ(code_of(peer.get("/")), Code::kSessionExpired);
  EXPECT_EQ(code_of(peer.multi({create("/n")})), Code::kSessionExpired);
  ASSERT_TRUE(peer.connect());
  EXPECT_NE(peer.id(), id);
  EXPECT_NE(peer.id(), 0);
  ASSERT_TRUE(peer.multi({create_ephemeral("/e")}));
  // The old session's watch went with it.
  ASSERT_TRUE(peer.multi({create("/new")}));
  ASSERT_TRUE(peer.sync());
  EXPECT_THAT(peer.events(), ElementsAre("connected", "disconnected", "expired", "connected"));
}

TEST_P(SessionConformanceTest, ClosingEndsTheSessionAtOnce) {
  // A session that would last long.
  SessionOptions long_lived = options();
  long_lived.session_timeout_ms = 10'000;
  auto peer = std::make_unique<Peer>(*harness_, "a", long_lived);
  Peer other(*harness_, "b", options());
  ASSERT_TRUE(peer->connect());
  ASSERT_TRUE(other.connect());
  ASSERT_TRUE(peer->multi({create_ephemeral("/e")}));
  ASSERT_TRUE(other.sync());
  ASSERT_TRUE(other.watch_exists("/e", "e"));
  // In flight when it closes: answered, one way or the other.
  std::vector<Outcome<>> outcomes;
  harness_->on_loop([&] {
    peer->session().sync([&](Outcome<> outcome) { outcomes.push_back(std::move(outcome)); });
  });
  peer->close();
  ASSERT_EQ(outcomes.size(), 1U);
  if (!outcomes[0]) {
    EXPECT_EQ(outcomes[0].error().code, Code::kClosed);
  }
  EXPECT_EQ(code_of(peer->get("/")), Code::kClosed);
  EXPECT_EQ(peer->id(), 0);
  ASSERT_TRUE(other.wait_for("e: deleted"));
  peer->open();  // final
  EXPECT_EQ(code_of(peer->get("/")), Code::kClosed);
  peer.reset();
}

TEST_P(SessionConformanceTest, TheEnsembleAwayAndBackKeepsTheSession) {
  SessionOptions long_lived = options();
  long_lived.session_timeout_ms = 10'000;
  Peer peer(*harness_, "a", long_lived);
  ASSERT_TRUE(peer.connect());
  ASSERT_TRUE(peer.multi({create_ephemeral("/e"), create("/n", "kept")}));
  const auto id = peer.id();
  harness_->go_away();
  ASSERT_TRUE(peer.wait_for("disconnected"));
  EXPECT_EQ(code_of(peer.get("/n")), Code::kConnectionLoss);
  harness_->come_back();
  ASSERT_TRUE(harness_->run_until([&] { return peer.session().is_connected(); }));
  EXPECT_EQ(peer.id(), id);
  EXPECT_EQ(text_of(peer.get("/n")), "kept");
  EXPECT_EQ((*peer.exists("/e"))->ephemeral_owner, id);
}

TEST_P(SessionConformanceTest, NobodyThereIsToldOnceAndTheSearchGoesOn) {
  SessionOptions impatient = options();
  impatient.connection_timeout_ms = 200;
  Peer peer(*harness_, "a", impatient);
  harness_->cut("a");
  peer.open();
  ASSERT_TRUE(peer.wait_for("unreachable"));
  EXPECT_EQ(code_of(peer.get("/")), Code::kConnectionLoss);
  harness_->heal("a");
  ASSERT_TRUE(peer.wait_for("connected"));
  EXPECT_THAT(peer.events(), ElementsAre("unreachable", "connected"));
}

TEST_P(SessionConformanceTest, AChrootIsMadeAndIsTheRoot) {
  Peer inside(*harness_, "a", {.chroot = chroot_ + "/deep/er"});
  Peer outside(*harness_, "b");
  ASSERT_TRUE(outside.connect());
  ASSERT_TRUE(outside.sync());
  ASSERT_TRUE(inside.connect());
  EXPECT_THAT(*inside.children("/"), IsEmpty());
  ASSERT_TRUE(inside.multi({create("/n", "inside"), Operation::set("/", bytes("root"))}));
  ASSERT_TRUE(inside.watch_children("/", "root"));
  ASSERT_TRUE(outside.sync());
  EXPECT_EQ(text_of(outside.get(chroot_ + "/deep/er/n")), "inside");
  EXPECT_EQ(text_of(outside.get(chroot_ + "/deep/er")), "root");
  ASSERT_TRUE(outside.multi({create(chroot_ + "/deep/er/m")}));
  ASSERT_TRUE(inside.wait_for("root: children"));
  EXPECT_THAT(*inside.children("/"), ElementsAre("m", "n"));
}

TEST_P(SessionConformanceTest, ADestroyedSessionCallsNothing) {
  Peer other(*harness_, "b", options());
  ASSERT_TRUE(other.connect());
  int called = 0;
  {
    std::unique_ptr<Session> session;
    harness_->on_loop([&] {
      session = harness_->make_session("a", options(), [](SessionEvent) {});
      session->open();
    });
    ASSERT_TRUE(harness_->run_until([&] { return session->is_connected(); }));
    bool is_closed = false;
    harness_->on_loop([&] { session->close([&] { is_closed = true; }); });
    ASSERT_TRUE(harness_->run_until([&] { return is_closed; }));
    harness_->on_loop([&] {
      session->sync([&](Outcome<>) { ++called; });
      session.reset();
    });
  }
  ASSERT_TRUE(other.sync());
  EXPECT_EQ(called, 0);
}

INSTANTIATE_TEST_SUITE_P(Simulated, SessionConformanceTest,
                         testing::Values(Kind{"1", [] { return make_simulated_harness(1); }},
                                         Kind{"2", [] { return make_simulated_harness(2); }},
                                         Kind{"3", [] { return make_simulated_harness(3); }}),
                         [](const auto& kind) { return std::string(kind.param.name); });
INSTANTIATE_TEST_SUITE_P(Real, SessionConformanceTest,
                         testing::Values(Kind{"Server", [] { return make_real_harness(); }}),
                         [](const auto& kind) { return std::string(kind.param.name); });

}  // namespace
}  // namespace odradek::zookeeper_test
