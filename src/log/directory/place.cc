// SPDX-License-Identifier: Apache-2.0
#include "log/directory/place.h"

#include <fmt/core.h>

#include <cerrno>
#include <string_view>
#include <vector>

#include "log/directory/clean_shutdown_file.h"
#include "log/directory/log_directory.h"
#include "log/directory/meta_properties.h"

namespace odradek::log::directory {
namespace {

// What an empty directory may hold: what a file system, or an attempt to format it, left.
bool is_of_no_value(const std::string& name) {
  if (name == "lost+found" || name == std::string(kMetaPropertiesFile) + ".tmp") return true;
  return name.starts_with('.') && name != kCleanShutdownFile;
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

base::Error explained(base::Error error, const std::string& path) {
  if (error.message.starts_with("log directory ")) return error;
  std::string_view reason = "can't be used";
  if (error.os_error == EACCES || error.os_error == EPERM) reason = "no right to use it";
  if (error.os_error == EROFS) reason = "its file system is read-only";
  if (error.os_error == ENOSPC || error.os_error == EDQUOT) reason = "its file system is full";
  if (error.os_error == ENOTDIR || error.os_error == EEXIST) reason = "it is not a directory";
  error.message = fmt::format("log directory {}: {} ({})", path, reason, error.message);
  return error;
}

base::Result<> make_durably(env::Disk& disk, const std::string& path) {
  std::vector<std::string> holding_new_names;
  for (std::string at = path; !disk.exists(at); at = parent_of(at)) {
    holding_new_names.push_back(parent_of(at));
  }
  if (auto done = disk.make_directories(path); !done) return done;
  for (const std::string& directory : holding_new_names) {
    if (auto done = disk.sync_directory(directory); !done) return done;
  }
  return {};
}

base::Result<std::optional<DirectoryIdentity>> LogDirectory::inspect(env::World& world,
                                                                     const std::string& path) {
  auto entries = world.disk().list(path);
  if (!entries && entries.error().os_error == ENOENT) return std::nullopt;
  if (!entries) return explained(std::move(entries), path);
  const std::string file = path + '/' + std::string(kMetaPropertiesFile);
  auto text = world.disk().read_file(file, 65536);
  if (text) {
    auto identity = parse_meta_properties(*text, file);
    if (!identity) return base::fail(std::move(identity));
    return *identity;
  }
  if (text.error().os_error != ENOENT) return explained(std::move(text), path);
  for (const env::DirectoryEntry& entry : *entries) {
    if (is_of_no_value(entry.name)) continue;
    return base::fail(
        base::ErrorCode::kInvalidConfig,
        fmt::format("log directory {}: it holds '{}' but no {}, so it is not known whose it is; "
                    "nothing in it was touched",
                    path, entry.name, kMetaPropertiesFile));
  }
  return std::nullopt;
}

}  // namespace odradek::log::directory
