// SPDX-License-Identifier: Apache-2.0
#include "log/directory/room.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <vector>

#include "env/sim/sim_world.h"

namespace odradek::log::directory {
namespace {

using env::sim::DiskOperation;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20U;
constexpr base::Error kNoSpace = {base::ErrorCode::kKafkaStorageError, "", ENOSPC};

class RoomTest : public testing::Test {
 protected:
  RoomTest() {
    EXPECT_TRUE(disk().make_directories("/data"));
    room.set_handler([this](bool is_full) { told.push_back(is_full); });
  }

  env::Disk& disk() { return host.world().disk(); }
  void set_free(std::uint64_t bytes) {
    host.disk().options().capacity_bytes = host.disk().taken_bytes() + bytes;
  }
  bool has_file() { return disk().exists("/data/.reserve"); }

  env::sim::SimWorld simulation{1};
  env::sim::SimHost& host = simulation.add_host("one");
  Room room{host.world(), "/data", static_cast<std::int64_t>(4 * kMebibyte)};
  std::vector<bool> told;
};

TEST_F(RoomTest, RecordsStopAtTheReserveAndComeBackByThemselves) {
  set_free(10 * kMebibyte);
  room.check();
  EXPECT_TRUE(has_file());
  EXPECT_TRUE(room.admit(4 * kMebibyte));
  EXPECT_THAT(told, IsEmpty());
  set_free(4 * kMebibyte + 8192);
  room.check();
  EXPECT_TRUE(room.admit(8192));
  EXPECT_TRUE(room.admit(8192)) << "nothing was written: there is as much as before";
  set_free(4 * kMebibyte - 1);
  const auto full = room.admit(1000);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, base::ErrorCode::kKafkaStorageError);
  EXPECT_THAT(full.error().message, HasSubstr("/data"));
  EXPECT_THAT(full.error().message, HasSubstr("log.dir.reserve.bytes"));
  EXPECT_TRUE(is_out_of_room(full.error()));
  EXPECT_TRUE(room.is_full());
  room.check();
  EXPECT_FALSE(room.admit(1));
  EXPECT_THAT(told, ElementsAre(true));
  set_free(5 * kMebibyte);
  EXPECT_FALSE(room.admit(1)) << "nobody looked yet";
  room.check();
  EXPECT_TRUE(room.admit(1));
  EXPECT_THAT(told, ElementsAre(true, false));
}

TEST_F(RoomTest, FullDoesNotComeAndGoAtTheEdge) {
  set_free(4 * kMebibyte - 1);
  room.check();
  EXPECT_TRUE(room.is_full());
  set_free(4 * kMebibyte + 4096);
  room.check();
  EXPECT_TRUE(room.is_full());
  EXPECT_THAT(told, ElementsAre(true));
}

TEST_F(RoomTest, AWriteThatFoundNoRoomMakesItFullUntilOneCouldBeMade) {
  set_free(10 * kMebibyte);
  room.check();
  host.disk().inject({.operation = DiskOperation::kAllocate,
                      .path_contains = ".reserve",
                      .times = 2,
                      .os_error = EDQUOT});
  const base::Error told_to_clients = room.ran_out(kNoSpace);
  EXPECT_THAT(told_to_clients.message, HasSubstr("/data"));
  EXPECT_FALSE(room.admit(1)) << "whatever the file system says is free";
  room.check();
  room.check();
  EXPECT_TRUE(room.is_full()) << "a quota refuses the file that is made again";
  room.check();
  EXPECT_FALSE(room.is_full());
  EXPECT_TRUE(has_file());
}

TEST_F(RoomTest, TheFileIsGivenUpToTheServersOwnWrites) {
  set_free(10 * kMebibyte);
  room.check();
  set_free(0);
  auto write = [this] { return disk().write_file("/data/checkpoint", "0\n"); };
  EXPECT_FALSE(write());
  EXPECT_TRUE(room.insist(write));
  EXPECT_FALSE(has_file());
  EXPECT_FALSE(room.give_up_file()) << "once";
  room.check();
  EXPECT_TRUE(room.is_full());
  EXPECT_FALSE(has_file());
  set_free(10 * kMebibyte);
  room.check();
  EXPECT_FALSE(room.is_full());
  EXPECT_TRUE(has_file());
}

TEST_F(RoomTest, OfASmallDiskAutomaticallyATwentiethIsKept) {
  set_free(20 * kMebibyte);
  Room automatic(host.world(), "/data", Room::kAutomatic);
  EXPECT_TRUE(automatic.admit(18 * kMebibyte));
  EXPECT_FALSE(automatic.admit(20 * kMebibyte));
  Room none(host.world(), "/data", 0);
  EXPECT_TRUE(none.admit(20 * kMebibyte));
}

}  // namespace
}  // namespace odradek::log::directory
