// SPDX-License-Identifier: Apache-2.0
#include "log/open_files.h"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "env/sim/sim_world.h"

namespace odradek::log {
namespace {

class OpenFilesTest : public ::testing::Test {
 protected:
  std::shared_ptr<env::File> create(const std::string& name) {
    auto file = files_->disk().open("/" + name, env::OpenMode::kCreate);
    EXPECT_TRUE(file) << name;
    EXPECT_TRUE((*file)->write_at(0, view(name)));
    return *file;
  }

  static base::ByteView view(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  }

  static std::string content(env::File& file) {
    std::array<std::uint8_t, 64> bytes{};
    auto read = file.read_at(0, bytes);
    EXPECT_TRUE(read) << file.path();
    return read ? std::string(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(*read))
                : std::string("nothing");
  }

  env::sim::SimWorld simulation_{1};
  env::Disk& disk_ = simulation_.add_host("host").world().disk();
  std::shared_ptr<OpenFiles> files_ = OpenFiles::make(disk_, 3);
};

TEST_F(OpenFilesTest, KeepsToTheBoundAndOpensAgainWhatItClosed) {
  std::vector<std::shared_ptr<env::File>> files;
  for (int i = 0; i < 10; ++i) {
    files.push_back(create("file-" + std::to_string(i)));
    EXPECT_LE(files_->open_count(), 3U);
  }
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(content(*files[static_cast<std::size_t>(i)]), "file-" + std::to_string(i));
    EXPECT_LE(files_->open_count(), 3U);
  }
  EXPECT_GE(files_->reopened_count(), 7U);
  files.clear();
  EXPECT_EQ(files_->open_count(), 0U);
}

TEST_F(OpenFilesTest, ClosesWhatWasUsedLongestAgo) {
  const auto one = create("one");
  const auto two = create("two");
  files_->close_idle();  // both are marked as not used from here on
  content(*one);
  const auto three = create("three");
  const auto four = create("four");
  EXPECT_EQ(files_->reopened_count(), 0U);
  content(*one);
  EXPECT_EQ(files_->reopened_count(), 0U);
  content(*two);
  EXPECT_EQ(files_->reopened_count(), 1U);
}

TEST_F(OpenFilesTest, ClosesWhatNobodyUses) {
  const auto idle = create("idle");
  const auto busy = create("busy");
  EXPECT_EQ(files_->close_idle(), 0U);
  content(*busy);
  EXPECT_EQ(files_->close_idle(), 1U);
  EXPECT_EQ(files_->open_count(), 1U);
  EXPECT_EQ(files_->close_idle(), 1U);
  EXPECT_EQ(files_->open_count(), 0U);
  EXPECT_EQ(content(*idle), "idle");
  EXPECT_EQ(content(*busy), "busy");
}

TEST_F(OpenFilesTest, WhatIsHeldStaysOpenAndItsBoundNamesTheSetting) {
  std::vector<std::shared_ptr<env::File>> held;
  for (const char* const name : {"one", "two", "three"}) {
    auto file = held_open(create(name));
    ASSERT_TRUE(file);
    held.push_back(*file);
  }
  // What is read or written at once passes the bound: threads are few.
  const auto four = create("four");
  EXPECT_EQ(content(*four), "four");
  EXPECT_EQ(files_->open_count(), 4U);
  EXPECT_EQ(files_->close_idle(), 0U);
  EXPECT_EQ(files_->close_idle(), 1U);
  const auto refused = held_open(four);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("log.max.open.files is 3"), std::string::npos);
  held.pop_back();
  EXPECT_TRUE(held_open(four));
  EXPECT_EQ(content(*held.front()), "one");
}

TEST_F(OpenFilesTest, FindsWhatWasMarkedDeletedAndRefusesWhatTookItsName) {
  const auto file = create("file");
  files_->close_idle();
  files_->close_idle();
  ASSERT_TRUE(disk_.rename("/file", "/file.deleted"));
  EXPECT_EQ(content(*file), "file");
  files_->close_idle();
  files_->close_idle();
  // Compaction puts another file in its place.
  const auto other = create("file");
  EXPECT_EQ(content(*file), "file");
  files_->close_idle();
  files_->close_idle();
  ASSERT_TRUE(disk_.remove_file("/file.deleted"));
  std::array<std::uint8_t, 8> bytes{};
  const auto gone = file->read_at(0, bytes);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().os_error, ENOENT);
}

TEST_F(OpenFilesTest, NothingIsLostThatWasNotFlushedWhenItWasClosed) {
  const auto file = create("file");
  files_->close_idle();
  files_->close_idle();
  EXPECT_EQ(files_->open_count(), 0U);
  ASSERT_TRUE(file->flush());
  ASSERT_TRUE(disk_.sync_directory("/"));
  EXPECT_EQ(content(*file), "file");
}

}  // namespace
}  // namespace odradek::log
