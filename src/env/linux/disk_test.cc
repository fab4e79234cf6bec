// SPDX-License-Identifier: Apache-2.0
#include "env/linux/disk.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "env/linux/file.h"

namespace odradek::env {
namespace {

using base::as_bytes;

class LinuxDiskTest : public testing::Test {
 protected:
  LinuxDiskTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "odradek-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }
  ~LinuxDiskTest() override { std::filesystem::remove_all(directory_); }

  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  std::shared_ptr<File> create(const std::string& name) {
    return disk_.open(path(name), OpenMode::kCreate).value();
  }

  LinuxDisk disk_;
  std::string directory_;
};

TEST_F(LinuxDiskTest, WritesPartsAndReadsThemBack) {
  const auto file = create("a");
  const std::vector<base::ByteView> parts = {
      as_bytes("hello "), {}, as_bytes("wide "), as_bytes("world"), {}};
  ASSERT_TRUE(file->write_at(3, parts));
  EXPECT_EQ(file->size().value(), 19U);
  std::array<std::uint8_t, 64> buffer{};
  EXPECT_EQ(file->read_at(0, buffer).value(), 19U);
  EXPECT_EQ(base::as_text(buffer).substr(0, 19), std::string_view("\0\0\0hello wide world", 19));
  EXPECT_EQ(file->read_at(19, buffer).value(), 0U);
  ASSERT_TRUE(file->flush());
}

TEST_F(LinuxDiskTest, TellsTheSizeOfAFileThatIsNotOpen) {
  const auto file = create("a");
  ASSERT_TRUE(file->write_at(3, as_bytes("hello")));
  EXPECT_EQ(disk_.file_size(file->path()).value(), 8U);
  EXPECT_EQ(disk_.file_size(file->path() + "x").error().os_error, ENOENT);
}

TEST_F(LinuxDiskTest, WritesMorePartsThanOneCallTakes) {
  const auto file = create("many");
  std::vector<std::string> texts;
  std::string expected;
  for (int i = 0; i < 3000; ++i) expected += texts.emplace_back(std::to_string(i) + ",");
  std::vector<base::ByteView> parts;
  for (const std::string& text : texts) parts.push_back(as_bytes(text));
  ASSERT_TRUE(file->write_at(0, parts));
  EXPECT_EQ(disk_.read_file(path("many")).value(), expected);
}

TEST_F(LinuxDiskTest, OpenModesMeanWhatTheySay) {
  EXPECT_EQ(disk_.open(path("x"), OpenMode::kRead).error().os_error, ENOENT);
  EXPECT_EQ(disk_.open(path("x"), OpenMode::kReadWrite).error().os_error, ENOENT);
  ASSERT_TRUE(disk_.open(path("x"), OpenMode::kCreateNew));
  const auto again = disk_.open(path("x"), OpenMode::kCreateNew);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().os_error, EEXIST);
  EXPECT_EQ(again.error().code, base::ErrorCode::kKafkaStorageError);
  EXPECT_EQ(again.error().message, path("x") + ": open: File exists");
  EXPECT_FALSE(disk_.open(path("x"), OpenMode::kRead).value()->write_at(0, as_bytes("y")));
}

// It is the one that is told of an error that somebody else's sync was told of, too.
TEST_F(LinuxDiskTest, AFileSystemThatWasSyncedStaysOpen) {
  const std::string place = directory_ + "/place";
  ASSERT_TRUE(disk_.make_directories(place));
  EXPECT_TRUE(disk_.sync_file_system(place));
  ASSERT_TRUE(disk_.remove_tree(place));
  EXPECT_TRUE(disk_.sync_file_system(place));
  EXPECT_FALSE(disk_.sync_file_system(directory_ + "/missing"));
}

TEST_F(LinuxDiskTest, TruncateCutsAndExtends) {
  const auto file = create("a");
  ASSERT_TRUE(file->write_at(0, as_bytes("abcdef")));
  ASSERT_TRUE(file->truncate(3));
  ASSERT_TRUE(file->truncate(5));
  EXPECT_EQ(disk_.read_file(path("a")).value(), std::string("abc\0\0", 5));
}

TEST_F(LinuxDiskTest, AllocatedSpaceDoesNotShowInTheSize) {
  const auto file = create("a");
  ASSERT_TRUE(file->allocate(0, 1U << 20U));
  EXPECT_EQ(file->size().value(), 0U);
}

TEST_F(LinuxDiskTest, KnowsWhatThePageCacheHolds) {
  const auto file = create("a");
  const std::string content(1U << 20U, 'x');
  ASSERT_TRUE(file->write_at(0, as_bytes(content)));
  EXPECT_TRUE(file->is_cached(0, content.size()));
  EXPECT_TRUE(file->is_cached(content.size() + 5, 10));  // nothing there to wait for
  const int descriptor = static_cast<LinuxFile&>(*file).descriptor();
  EXPECT_TRUE(is_cached_by_mincore(descriptor, 5000, 100000));

  ASSERT_TRUE(file->flush());
  ASSERT_EQ(posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED), 0);
  if (!is_cached_by_mincore(descriptor, 0, content.size())) {  // a disk that can forget
    EXPECT_FALSE(file->is_cached(0, content.size()));
  }
  file->load_into_cache(0, content.size());
  EXPECT_TRUE(file->is_cached(0, content.size()));
  EXPECT_TRUE(is_cached_by_mincore(descriptor, 0, content.size()));
}

TEST_F(LinuxDiskTest, DirectoriesAreListedRenamedAndRemoved) {
  ASSERT_TRUE(disk_.make_directories(path("d/e/f")));
  ASSERT_TRUE(disk_.make_directories(path("d/e/f")));
  create("d/b");
  create("d/a");
  const auto entries = disk_.list(path("d")).value();
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].name, "a");
  EXPECT_FALSE(entries[0].is_directory);
  EXPECT_EQ(entries[2].name, "e");
  EXPECT_TRUE(entries[2].is_directory);

  ASSERT_TRUE(disk_.rename(path("d/a"), path("d/b")));
  EXPECT_FALSE(disk_.exists(path("d/a")));
  ASSERT_TRUE(disk_.sync_directory(path("d")));
  ASSERT_TRUE(disk_.sync_file_system(path("d")));
  ASSERT_TRUE(disk_.remove_file(path("d/b")));
  EXPECT_EQ(disk_.remove_file(path("d/b")).error().os_error, ENOENT);
  ASSERT_TRUE(disk_.remove_tree(path("d")));
  ASSERT_TRUE(disk_.remove_tree(path("d")));
  EXPECT_EQ(disk_.list(path("d")).error().os_error, ENOENT);
}

TEST_F(LinuxDiskTest, ALockHasOneHolder) {
  auto lock = disk_.lock(path(".lock"));
  ASSERT_TRUE(lock);
  EXPECT_EQ(disk_.lock(path(".lock")).error().os_error, EWOULDBLOCK);
  lock->reset();
  EXPECT_TRUE(disk_.lock(path(".lock")));
}

TEST_F(LinuxDiskTest, TheJvmsKindOfLockIsRespected) {
  // What java.nio's tryLock takes, in another process.
  int ready[2];
  int release[2];
  ASSERT_EQ(pipe(ready) + pipe(release), 0);
  const pid_t child = fork();
  if (child == 0) {
    const int descriptor = open(path(".lock").c_str(), O_RDWR | O_CREAT, 0644);
    struct flock whole{};
    whole.l_type = F_WRLCK;
    char byte = fcntl(descriptor, F_SETLK, &whole) == 0 ? 'y' : 'n';
    if (write(ready[1], &byte, 1) == 1) (void)!read(release[0], &byte, 1);
    _exit(0);
  }
  char byte = 'n';
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  EXPECT_EQ(disk_.lock(path(".lock")).error().os_error, EWOULDBLOCK);
  ASSERT_EQ(write(release[1], &byte, 1), 1);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(disk_.lock(path(".lock")));
  for (const int descriptor : {ready[0], ready[1], release[0], release[1]}) close(descriptor);
}

TEST_F(LinuxDiskTest, WriteFileReplacesAtOnce) {
  ASSERT_TRUE(disk_.write_file(path("f"), "a long first content"));
  ASSERT_TRUE(disk_.write_file(path("f"), "second"));
  EXPECT_EQ(disk_.read_file(path("f")).value(), "second");
  EXPECT_FALSE(disk_.exists(path("f.tmp")));
  EXPECT_FALSE(disk_.read_file(path("f"), 3));
}

TEST_F(LinuxDiskTest, AnAbsolutePathBeginsAtTheRoot) {
  EXPECT_EQ(disk_.absolute_path("/a/../b"), "/a/../b");
  EXPECT_EQ(disk_.absolute_path("/a//b/"), "/a/b");
  EXPECT_EQ(disk_.absolute_path("/"), "/");
  const std::string absolute = disk_.absolute_path("a/b");
  EXPECT_TRUE(absolute.starts_with('/') && absolute.ends_with("/a/b")) << absolute;
}

TEST_F(LinuxDiskTest, SpaceIsSomething) {
  const auto space = disk_.space(directory_).value();
  EXPECT_GT(space.total_bytes, 0U);
  EXPECT_LE(space.usable_bytes, space.total_bytes);
  EXPECT_EQ(disk_.space(path("missing")).error().os_error, ENOENT);
}

}  // namespace
}  // namespace odradek::env
