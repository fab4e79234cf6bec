// SPDX-License-Identifier: Apache-2.0
#include "env/disk.h"

#include <fmt/core.h>

#include "env/fail_point.h"

namespace odradek::env {
namespace {

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

base::Result<std::uint64_t> Disk::file_size(const std::string& path) {
  auto file = open(path, OpenMode::kRead);
  if (!file) return base::fail(std::move(file));
  return (*file)->size();
}

base::Result<std::string> Disk::read_file(const std::string& path, std::uint64_t max_bytes) {
  auto file = open(path, OpenMode::kRead);
  if (!file) return base::fail(std::move(file));
  auto size = (*file)->size();
  if (!size) return base::fail(std::move(size));
  if (*size > max_bytes) {
    return base::fail(
        base::ErrorCode::kKafkaStorageError,
        fmt::format("{}: {} bytes, more than the {} such a file may have", path, *size, max_bytes));
  }
  std::string content(*size, '\0');
  auto read =
      (*file)->read_at(0, {reinterpret_cast<std::uint8_t*>(content.data()), content.size()});
  if (!read) return base::fail(std::move(read));
  content.resize(*read);
  return content;
}

base::Result<> Disk::write_file(const std::string& path, std::string_view content) {
  const std::string temporary = path + ".tmp";
  {
    auto file = open(temporary, OpenMode::kCreate);
    if (!file) return base::fail(std::move(file));
    if (auto done = (*file)->truncate(0); !done) return done;
    if (auto done = (*file)->write_at(0, base::as_bytes(content)); !done) return done;
    if (auto done = (*file)->flush(); !done) return done;
  }
  fail_point(FailPoint::kFileWritten);
  if (auto done = rename(temporary, path); !done) return done;
  fail_point(FailPoint::kFileRenamed);
  return sync_directory(directory_of(path));
}

}  // namespace odradek::env
