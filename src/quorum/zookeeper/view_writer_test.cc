// SPDX-License-Identifier: Apache-2.0
#include "quorum/zookeeper/view_writer.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "env/sim/sim_world.h"
#include "quorum/zookeeper/layout.h"
#include "quorum/zookeeper/sim/sim_zookeeper.h"

namespace odradek::quorum::zookeeper {
namespace {

using std::chrono::seconds;
using Kind = Operation::Kind;

ViewWrite write_of(const std::string& path, const std::string& text, bool was_there) {
  ViewWrite write;
  write.path = path;
  write.bytes = to_bytes(text);
  write.was_there = was_there;
  return write;
}

// A writer of a lead that has just begun, over nodes that somebody else has made.
class ViewWriterTest : public testing::Test {
 protected:
  ViewWriterTest() : world_(1), ensemble_(world_) {
    session_ =
        ensemble_.make_session("host", world_.add_host("host").world().loop(0),
                               {.chroot = {}, .session_timeout = seconds(6)}, [](SessionEvent) {});
    session_->open();
    EXPECT_TRUE(world_.run_until([&] { return session_->is_connected(); }, seconds(10)));
    writer_.emplace(*session_);
    for (const char* path : {"/topics", "/topics/a", "/topics/b", "/topics/c"}) {
      EXPECT_TRUE(ensemble_.write({Operation::create(path, {})}));
    }
    catch_up();
  }

  void catch_up() {
    bool is_done = false;
    session_->sync([&](const Outcome<>& synced) { is_done = synced.has_value(); });
    EXPECT_TRUE(world_.run_until([&] { return is_done; }, seconds(10)));
  }

  std::vector<Operation> prepare(const std::vector<ViewWrite>& writes) {
    std::optional<std::vector<Operation>> operations;
    writer_->prepare(writes, [&](Outcome<std::vector<Operation>> ready) {
      ASSERT_TRUE(ready);
      operations = std::move(*ready);
    });
    was_at_once_ = operations.has_value();
    EXPECT_TRUE(world_.run_until([&] { return operations.has_value(); }, seconds(10)));
    return *operations;
  }
  Outcome<std::vector<std::int32_t>> commit(const std::vector<Operation>& operations) {
    std::optional<Outcome<std::vector<std::int32_t>>> done;
    session_->multi_with_versions(operations, [&](auto versions) { done = std::move(versions); });
    EXPECT_TRUE(world_.run_until([&] { return done.has_value(); }, seconds(10)));
    if (*done) writer_->applied(operations, **done);
    return *done;
  }
  std::string text_of(const std::string& path) {
    const auto node = ensemble_.node(path);
    return node ? std::string(base::as_text(node->bytes.view())) : "nothing";
  }

  env::sim::SimWorld world_;
  sim::SimZookeeper ensemble_;
  std::unique_ptr<Session> session_;
  std::optional<ViewWriter> writer_;
  // The last `prepare` looked nothing up.
  bool was_at_once_ = false;
};

TEST_F(ViewWriterTest, WhatMustBeThereIsNotLookedUp) {
  ASSERT_TRUE(ensemble_.write({Operation::set("/topics/a", to_bytes("older"))}));
  ViewWrite removal = write_of("/topics/b", "", true);
  removal.is_removal = true;
  ASSERT_TRUE(commit(prepare({write_of("/topics/a", "1", true), removal})));
  EXPECT_TRUE(was_at_once_);
  EXPECT_EQ(text_of("/topics/a"), "1");
  EXPECT_EQ(text_of("/topics/b"), "nothing");
}

TEST_F(ViewWriterTest, WhatMayBeNewIsLookedUp) {
  ASSERT_TRUE(commit(prepare({write_of("/topics/a", "1", false), write_of("/new/d", "1", false)})));
  EXPECT_FALSE(was_at_once_);
  EXPECT_EQ(text_of("/topics/a"), "1");
  EXPECT_EQ(text_of("/new/d"), "1");
}

TEST_F(ViewWriterTest, WhatSomebodyElseWritesAfterwardsIsFound) {
  const std::vector<ViewWrite> again = {write_of("/topics/a", "2", true)};
  ASSERT_TRUE(commit(prepare({write_of("/topics/a", "1", true)})));
  ASSERT_TRUE(ensemble_.write({Operation::set("/topics/a", to_bytes("foreign"))}));
  const auto operations = prepare(again);
  EXPECT_TRUE(was_at_once_);
  const auto refused = commit(operations);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kBadVersion);
  EXPECT_TRUE(writer_->on_refused(operations.front(), refused.error()));
  ASSERT_TRUE(commit(prepare(again)));
  EXPECT_EQ(text_of("/topics/a"), "2");
}

TEST_F(ViewWriterTest, OneThatIsMissingEndsTheTrust) {
  ASSERT_TRUE(ensemble_.write({Operation::remove("/topics/b"), Operation::remove("/topics/c")}));
  catch_up();
  const std::vector<ViewWrite> writes = {write_of("/topics/a", "1", true),
                                         write_of("/topics/b", "1", true),
                                         write_of("/topics/c", "1", true)};
  const auto operations = prepare(writes);
  const auto refused = commit(operations);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kNoNode);
  EXPECT_TRUE(writer_->on_refused(operations.at(*refused.error().operation), refused.error()));
  const auto looked_up = prepare(writes);
  EXPECT_FALSE(was_at_once_);
  EXPECT_EQ(looked_up[2].kind, Kind::kCreate);
  ASSERT_TRUE(commit(looked_up));
  for (const char* path : {"/topics/a", "/topics/b", "/topics/c"}) EXPECT_EQ(text_of(path), "1");
  // Until the next lead.
  writer_->forget();
  ASSERT_TRUE(commit(prepare({write_of("/topics/c", "2", true)})));
  EXPECT_TRUE(was_at_once_);
}

}  // namespace
}  // namespace odradek::quorum::zookeeper
