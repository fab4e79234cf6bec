// SPDX-License-Identifier: Apache-2.0
#include "env/sim/sim_disk.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <map>
#include <set>
#include <string>

#include "env/sim/sim_world.h"

namespace odradek::env::sim {
namespace {

// One host, whose disk the test talks to from outside of every loop.
struct Machine {
  explicit Machine(std::uint64_t seed, DiskOptions options = {})
      : simulation(seed), host(simulation.add_host("a", {.disk = options})) {}

  Disk& disk() { return host.world().disk(); }
  std::shared_ptr<File> open(const std::string& path, OpenMode mode = OpenMode::kCreate) {
    auto file = disk().open(path, mode);
    EXPECT_TRUE(file) << file.error().message;
    return *file;
  }
  void write(const std::string& path, std::string_view text, std::uint64_t position = 0) {
    EXPECT_TRUE(open(path)->write_at(position, base::as_bytes(text)));
  }
  std::string read(const std::string& path) { return disk().read_file(path).value_or("(none)"); }
  void cut_power_and_restart() {
    host.cut_power();
    host.restart();
  }

  SimWorld simulation;
  SimHost& host;
};

DiskOptions losing_all() { return {.power_cut_style = PowerCutStyle::kLoseAll}; }

TEST(SimDiskTest, ReadsWhatWasWrittenAndHolesAreZeros) {
  Machine machine(1);
  auto file = machine.open("/file");
  EXPECT_TRUE(file->write_at(10000, base::as_bytes("end")));
  EXPECT_TRUE(file->write_at(4094, base::as_bytes("page border")));
  EXPECT_EQ(file->size(), 10003U);
  std::string text(10100, 'x');
  const auto read = file->read_at(0, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  EXPECT_EQ(read, 10003U);
  EXPECT_EQ(text.substr(4094, 11), "page border");
  EXPECT_EQ(text.substr(10000, 3), "end");
  EXPECT_EQ(text.substr(0, 4094), std::string(4094, '\0'));
  EXPECT_TRUE(file->truncate(4099));
  EXPECT_TRUE(file->truncate(5000));
  EXPECT_EQ(machine.read("/file").substr(4094), "page " + std::string(901, '\0'));
}

TEST(SimDiskTest, APowerCutKeepsTheFlushedAndTheSyncedAndLosesTheRest) {
  Machine machine(1, losing_all());
  machine.write("/kept", "flushed");
  EXPECT_TRUE(machine.open("/kept")->flush());
  EXPECT_TRUE(machine.disk().sync_directory("/"));
  machine.write("/kept", " and not flushed", 7);
  machine.write("/nameless", "flushed, but its name is not");
  EXPECT_TRUE(machine.open("/nameless")->flush());
  machine.cut_power_and_restart();
  EXPECT_EQ(machine.read("/kept"), "flushed");
  EXPECT_FALSE(machine.disk().exists("/nameless"));
}

TEST(SimDiskTest, AnObserverSeesWhatAPowerCutWouldLeave) {
  using Files = std::map<std::string, std::string>;
  Machine machine(1, losing_all());
  EXPECT_TRUE(machine.disk().make_directories("/data"));
  machine.write("/data/a.log", "flushed");
  EXPECT_TRUE(machine.open("/data/a.log")->flush());
  EXPECT_TRUE(machine.host.disk().look_into_durable("/data").empty()) << "no name is synced";
  EXPECT_TRUE(machine.disk().sync_directory("/data"));
  EXPECT_TRUE(machine.disk().sync_directory("/"));
  machine.write("/data/a.log", " and not flushed", 7);
  machine.write("/data/a.index", "x");
  EXPECT_EQ(machine.host.disk().look_into("/data", ".log"),
            (Files{{"a.log", "flushed and not flushed"}}));
  EXPECT_EQ(machine.host.disk().look_into_durable("/data", ".log"), (Files{{"a.log", "flushed"}}));
  EXPECT_EQ(machine.host.disk().look_into_durable("/data"), (Files{{"a.log", "flushed"}}));
}

TEST(SimDiskTest, AKilledProcessLosesNothing) {
  Machine machine(1, losing_all());
  machine.write("/file", "not flushed");
  machine.host.kill();
  machine.host.restart();
  EXPECT_EQ(machine.read("/file"), "not flushed");
}

TEST(SimDiskTest, ADirectoryItselfNeedsItsParentSynced) {
  Machine machine(1, losing_all());
  EXPECT_TRUE(machine.disk().make_directories("/data/topic-0"));
  machine.write("/data/topic-0/log", "x");
  EXPECT_TRUE(machine.open("/data/topic-0/log")->flush());
  EXPECT_TRUE(machine.disk().sync_directory("/data/topic-0"));
  machine.cut_power_and_restart();
  EXPECT_FALSE(machine.disk().exists("/data"));
}

TEST(SimDiskTest, WithTheOptionAFlushKeepsTheNewName) {
  DiskOptions options = losing_all();
  options.flush_keeps_new_name = true;
  Machine machine(1, options);
  machine.write("/file", "x");
  EXPECT_TRUE(machine.open("/file")->flush());
  machine.cut_power_and_restart();
  EXPECT_EQ(machine.read("/file"), "x");
}

TEST(SimDiskTest, WhatIsNotFlushedIsLostKeptOrTornByTheSeed) {
  std::set<std::string> outcomes;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Machine machine(seed);
    machine.write("/file", std::string(1000, 'a'));
    EXPECT_TRUE(machine.open("/file")->flush());
    EXPECT_TRUE(machine.disk().sync_directory("/"));
    machine.write("/file", std::string(9000, 'b'), 1000);
    machine.cut_power_and_restart();
    const std::string left = machine.read("/file");
    ASSERT_GE(left.size(), 1000U);
    ASSERT_LE(left.size(), 10000U);
    ASSERT_EQ(left.substr(0, 1000), std::string(1000, 'a')) << "seed " << seed;
    outcomes.insert(left);
  }
  EXPECT_TRUE(outcomes.contains(std::string(1000, 'a')));
  EXPECT_TRUE(outcomes.contains(std::string(1000, 'a') + std::string(9000, 'b')));
  EXPECT_GT(outcomes.size(), 20U);
}

TEST(SimDiskTest, ARenameIsAtomicAndAWriteFileIsOneOrTheOther) {
  int old_content = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Machine machine(seed);
    EXPECT_TRUE(machine.disk().write_file("/checkpoint", "old"));
    machine.write("/checkpoint.tmp", "new");
    EXPECT_TRUE(machine.open("/checkpoint.tmp")->flush());
    EXPECT_TRUE(machine.disk().rename("/checkpoint.tmp", "/checkpoint"));
    machine.cut_power_and_restart();
    const std::string left = machine.read("/checkpoint");
    ASSERT_TRUE(left == "old" || left == "new") << "seed " << seed << ": " << left;
    if (left == "old") ++old_content;
    EXPECT_TRUE(machine.disk().write_file("/checkpoint", "newest"));
    machine.cut_power_and_restart();
    ASSERT_EQ(machine.read("/checkpoint"), "newest");
  }
  EXPECT_GT(old_content, 10);
  EXPECT_LT(old_content, 90);
}

TEST(SimDiskTest, ATruncationThatIsNotFlushedMayComeBack) {
  Machine machine(1, losing_all());
  EXPECT_TRUE(machine.disk().write_file("/file", std::string(20000, 'a')));
  EXPECT_TRUE(machine.open("/file")->truncate(10));
  EXPECT_EQ(machine.read("/file").size(), 10U);
  machine.cut_power_and_restart();
  EXPECT_EQ(machine.read("/file"), std::string(20000, 'a'));
  EXPECT_TRUE(machine.open("/file")->truncate(10));
  EXPECT_TRUE(machine.open("/file")->flush());
  machine.cut_power_and_restart();
  EXPECT_EQ(machine.read("/file"), std::string(10, 'a'));
}

TEST(SimDiskTest, WhatIsWrittenDuringAFlushIsNotInIt) {
  Machine machine(1, losing_all());
  machine.write("/file", "before");
  EXPECT_TRUE(machine.disk().sync_directory("/"));
  auto file = machine.open("/file");
  auto queue = machine.host.world().workers().make_queue("disk", 1);
  bool started = false;
  bool done = false;
  queue->submit([&] {
    started = true;
    EXPECT_TRUE(file->flush());
    done = true;
  });
  EXPECT_TRUE(machine.simulation.run_until([&] { return started; }, std::chrono::seconds(1)));
  ASSERT_FALSE(done);
  EXPECT_TRUE(file->write_at(0, base::as_bytes("during")));
  EXPECT_TRUE(machine.simulation.run_until([&] { return done; }, std::chrono::seconds(1)));
  machine.cut_power_and_restart();
  EXPECT_EQ(machine.read("/file"), "before");
}

TEST(SimDiskTest, AFailedFlushForgetsWhatItShouldHaveWritten) {
  Machine machine(1, losing_all());
  machine.write("/file", "lost");
  EXPECT_TRUE(machine.disk().sync_directory("/"));
  machine.host.disk().inject({.operation = DiskOperation::kFlush, .path_contains = "file"});
  const auto failed = machine.open("/file")->flush();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().os_error, EIO);
  EXPECT_EQ(failed.error().message, "/file: flush: Input/output error");
  EXPECT_TRUE(machine.open("/file")->flush());
  EXPECT_EQ(machine.read("/file"), "lost");
  machine.cut_power_and_restart();
  EXPECT_EQ(machine.read("/file"), std::string(4, '\0'));
}

TEST(SimDiskTest, WhatIsDroppedFromTheCacheIsReadFromTheDisk) {
  Machine machine(1, losing_all());
  const std::string page(kPageBytes, 'd');
  machine.write("/file", page + page);
  auto file = machine.open("/file");
  EXPECT_TRUE(file->flush());
  machine.write("/file", "lost", kPageBytes);
  machine.host.disk().inject({.operation = DiskOperation::kFlush, .path_contains = "file"});
  EXPECT_FALSE(file->flush());
  machine.write("/file", "dirty", 0);
  EXPECT_EQ(machine.read("/file").substr(kPageBytes, 4), "lost");
  file->drop_from_cache(0);
  EXPECT_EQ(machine.read("/file"), "dirty" + page.substr(5) + page);
}

TEST(SimDiskTest, FaultsHitTheCallTheyAreMeantFor) {
  Machine machine(1);
  machine.host.disk().inject({.operation = DiskOperation::kWrite,
                              .path_contains = "/b",
                              .skip = 1,
                              .times = 2,
                              .os_error = ENOSPC});
  machine.write("/a", "x");
  machine.write("/b", "x");
  auto file = machine.open("/b");
  EXPECT_EQ(file->write_at(1, base::as_bytes("yz")).error().os_error, ENOSPC);
  EXPECT_EQ(file->write_at(1, base::as_bytes("yz")).error().os_error, ENOSPC);
  EXPECT_TRUE(file->write_at(1, base::as_bytes("yz")));
  EXPECT_EQ(machine.read("/b"), "xyz");
}

TEST(SimDiskTest, AFullDiskRefusesNewPagesUntilSomethingGoes) {
  Machine machine(1, {.capacity_bytes = 10 * kPageBytes});
  EXPECT_TRUE(machine.open("/reserve")->allocate(0, 5 * kPageBytes));
  machine.write("/file", std::string(5 * kPageBytes, 'a'));
  EXPECT_EQ(machine.disk().space("/")->usable_bytes, 0U);
  auto file = machine.open("/file");
  EXPECT_TRUE(file->write_at(0, base::as_bytes("no new page")));
  EXPECT_EQ(file->write_at(5 * kPageBytes, base::as_bytes("x")).error().os_error, ENOSPC);
  EXPECT_TRUE(machine.open("/reserve")->write_at(0, base::as_bytes("reserved")));
  EXPECT_TRUE(machine.disk().remove_file("/reserve"));
  EXPECT_TRUE(file->write_at(5 * kPageBytes, base::as_bytes("x")));
}

TEST(SimDiskTest, PowerCanBeCutBeforeAnyOperation) {
  Machine machine(1, losing_all());
  EXPECT_TRUE(machine.disk().write_file("/file", "old"));
  const std::uint64_t next = machine.host.disk().operations();
  // Open, truncate, write, flush of write_file; the rename is next.
  machine.host.disk().before_operation(next + 4, [&] { machine.host.cut_power(); });
  EXPECT_FALSE(machine.disk().write_file("/file", "new"));
  machine.host.restart();
  EXPECT_EQ(machine.read("/file"), "old");
}

TEST(SimDiskTest, AfterAPowerCutTheCacheIsCold) {
  Machine machine(1);
  EXPECT_TRUE(machine.disk().write_file("/file", std::string(10000, 'a')));
  EXPECT_TRUE(machine.open("/file")->is_cached(0, 10000));
  machine.cut_power_and_restart();
  auto file = machine.open("/file");
  EXPECT_FALSE(file->is_cached(0, 1));
  file->load_into_cache(0, 4096);
  EXPECT_TRUE(file->is_cached(0, 4096));
  EXPECT_FALSE(file->is_cached(0, 4097));
  EXPECT_EQ(machine.read("/file"), std::string(10000, 'a'));
  EXPECT_TRUE(file->is_cached(0, 10000));
}

TEST(SimDiskTest, ALockIsHeldOnceAndEndsWithItsProcess) {
  Machine machine(1);
  auto lock = machine.disk().lock("/.lock");
  ASSERT_TRUE(lock);
  EXPECT_EQ(machine.disk().lock("/.lock").error().os_error, EWOULDBLOCK);
  lock->reset();
  lock = machine.disk().lock("/.lock");
  ASSERT_TRUE(lock);
  machine.host.kill();
  machine.host.restart();
  auto second = machine.disk().lock("/.lock");
  EXPECT_TRUE(second);
  lock->reset();
  EXPECT_EQ(machine.disk().lock("/.lock").error().os_error, EWOULDBLOCK);
}

TEST(SimDiskTest, OpeningListingAndRemovingFollowTheContract) {
  Machine machine(1);
  Disk& disk = machine.disk();
  EXPECT_EQ(disk.open("/none", OpenMode::kRead).error().os_error, ENOENT);
  EXPECT_EQ(disk.open("/none/file", OpenMode::kCreate).error().os_error, ENOENT);
  EXPECT_TRUE(disk.make_directories("/d/e"));
  machine.write("/d/file", "x");
  EXPECT_EQ(disk.open("/d/file", OpenMode::kCreateNew).error().os_error, EEXIST);
  const auto entries = disk.list("/d").value();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].name, "e");
  EXPECT_TRUE(entries[0].is_directory);
  EXPECT_EQ(entries[1].name, "file");
  EXPECT_EQ(disk.remove_file("/d/none").error().os_error, ENOENT);
  auto open_file = machine.open("/d/file");
  EXPECT_TRUE(disk.remove_tree("/d"));
  EXPECT_TRUE(disk.remove_tree("/d"));
  EXPECT_FALSE(disk.exists("/d"));
  std::uint8_t byte = 0;
  EXPECT_EQ(open_file->read_at(0, {&byte, 1}), 1U);
  EXPECT_EQ(byte, 'x');
}

TEST(SimDiskTest, ASyncedFileSystemSurvivesWhole) {
  Machine machine(1, losing_all());
  EXPECT_TRUE(machine.disk().make_directories("/d/e"));
  machine.write("/d/e/file", "x");
  EXPECT_TRUE(machine.disk().sync_file_system("/d"));
  machine.cut_power_and_restart();
  EXPECT_EQ(machine.read("/d/e/file"), "x");
}

TEST(SimDiskTest, ASlowWriteStopsItsLoopAndNoOther) {
  Machine machine(1, {.write_waits_once_in = 1});
  World& world = machine.host.world();
  auto file = machine.open("/file");
  std::string order;
  world.loop(0).post([&] {
    order += '<';
    EXPECT_TRUE(file->write_at(0, base::as_bytes("x")));
    order += '>';
  });
  world.loop(0).post([&] { order += '0'; });
  world.loop(1).run_after(std::chrono::microseconds(21), [&] { order += '1'; });
  machine.simulation.run_for(std::chrono::seconds(1));
  EXPECT_EQ(order, "<1>0");
}

TEST(SimDiskTest, AReplacedDiskIsEmpty) {
  Machine machine(1, {});
  machine.write("/file", "x");
  machine.simulation.run_for(std::chrono::seconds(1));
  machine.host.kill();
  machine.host.disk().replace();
  machine.host.restart();
  EXPECT_TRUE(machine.disk().list("/").value().empty());
  machine.write("/file", "y");
}

TEST(SimDiskTest, OnAJournalTheNamesThatSurviveAreThoseOfThePast) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Machine machine(seed, {.names_survive_in_order = true});
    for (const char* name : {"/1", "/2", "/3", "/4", "/5"}) machine.write(name, "x");
    machine.cut_power_and_restart();
    const auto left = machine.disk().list("/").value();
    for (std::size_t i = 0; i < left.size(); ++i) EXPECT_EQ(left[i].name, std::to_string(i + 1));
  }
}

}  // namespace
}  // namespace odradek::env::sim
