// SPDX-License-Identifier: Apache-2.0
// Preloaded into a server (LD_PRELOAD), it makes one call that concerns the data directory fail.
//
//   FAILING_DIRECTORY  files and directories below it count
//   FAILING_CALL       the number of the call that fails, from 1 on; 0: none
//   FAILING_HOW        EIO, ENOSPC, or short: a read or write does a part of its work; other calls
//                      fail with EIO then
//   FAILING_NOTE       a file that gets one line: `<number> <call> <path>`
//
// Counted are the calls that the server's door to the disk makes. What fails does nothing at all,
// but for a flush: what it should have written is as unknown as after a real one.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

std::atomic<long> calls = 0;

const char* variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool is_watched(const char* path) {
  static const char* const directory = variable("FAILING_DIRECTORY");
  return *directory != '\0' && std::strncmp(path, directory, std::strlen(directory)) == 0;
}

enum class Verdict { kGoOn, kFail, kShort };

void note(long number, const char* call, const char* path) {
  static const auto real_write =
      reinterpret_cast<ssize_t (*)(int, const void*, size_t)>(dlsym(RTLD_NEXT, "write"));
  char line[PATH_MAX + 64];
  const int length = std::snprintf(line, sizeof line, "%ld %s %s\n", number, call, path);
  const int file = ::creat(variable("FAILING_NOTE"), 0644);
  if (file < 0) return;
  [[maybe_unused]] const auto written = real_write(file, line, static_cast<size_t>(length));
  ::close(file);
}

// Sets errno where the call is to fail.
Verdict judge(const char* call, const char* path, bool can_be_short = false) {
  if (!is_watched(path)) return Verdict::kGoOn;
  static const long chosen = std::atol(variable("FAILING_CALL"));
  static const char* const how = variable("FAILING_HOW");
  const long number = ++calls;
  if (number != chosen) return Verdict::kGoOn;
  note(number, call, path);
  if (can_be_short && std::strcmp(how, "short") == 0) return Verdict::kShort;
  errno = std::strcmp(how, "ENOSPC") == 0 ? ENOSPC : EIO;
  return Verdict::kFail;
}

Verdict judge(const char* call, int descriptor, bool can_be_short = false) {
  char link[64];
  char path[PATH_MAX];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const ssize_t length = ::readlink(link, path, sizeof path - 1);
  if (length < 0) return Verdict::kGoOn;
  path[length] = '\0';
  return judge(call, path, can_be_short);
}

template <typename Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

#define REAL(name) static auto* const real = next<decltype(name)>(#name)

extern "C" {

int open(const char* path, int flags, ...) {
  REAL(open);
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = va_arg(arguments, mode_t);  // NOLINT: read where it is meant only
  va_end(arguments);
  if (judge("open", path) == Verdict::kFail) return -1;
  return real(path, flags, mode);
}

ssize_t pread(int file, void* bytes, size_t length, off_t position) {
  REAL(pread);
  const Verdict verdict = judge("pread", file, length > 1);
  if (verdict == Verdict::kFail) return -1;
  return real(file, bytes, verdict == Verdict::kShort ? length / 2 : length, position);
}

ssize_t pwritev(int file, const iovec* parts, int count, off_t position) {
  REAL(pwritev);
  const Verdict verdict = judge("pwritev", file, count > 0 && parts->iov_len > 1);
  if (verdict == Verdict::kFail) return -1;
  if (verdict == Verdict::kGoOn) return real(file, parts, count, position);
  const iovec part{parts->iov_base, parts->iov_len / 2};
  return real(file, &part, 1, position);
}

int fdatasync(int file) {
  REAL(fdatasync);
  return judge("fdatasync", file) == Verdict::kFail ? -1 : real(file);
}

int fsync(int file) {
  REAL(fsync);
  return judge("fsync", file) == Verdict::kFail ? -1 : real(file);
}

int syncfs(int file) noexcept {
  REAL(syncfs);
  return judge("syncfs", file) == Verdict::kFail ? -1 : real(file);
}

int ftruncate(int file, off_t size) noexcept {
  REAL(ftruncate);
  return judge("ftruncate", file) == Verdict::kFail ? -1 : real(file, size);
}

int fallocate(int file, int mode, off_t position, off_t length) {
  REAL(fallocate);
  return judge("fallocate", file) == Verdict::kFail ? -1 : real(file, mode, position, length);
}

int rename(const char* from, const char* to) noexcept {
  REAL(rename);
  return judge("rename", from) == Verdict::kFail ? -1 : real(from, to);
}

int unlink(const char* path) noexcept {
  REAL(unlink);
  return judge("unlink", path) == Verdict::kFail ? -1 : real(path);
}

int mkdir(const char* path, mode_t mode) noexcept {
  REAL(mkdir);
  return judge("mkdir", path) == Verdict::kFail ? -1 : real(path, mode);
}

}  // extern "C"
