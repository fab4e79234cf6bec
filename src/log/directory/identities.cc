// SPDX-License-Identifier: Apache-2.0
#include "log/directory/identities.h"

#include <fmt/core.h>

#include <set>
#include <utility>

namespace odradek::log::directory {
namespace {

std::unexpected<base::Error> refused(std::string message) {
  return base::fail(base::ErrorCode::kInvalidConfig, std::move(message));
}

}  // namespace

base::Result<> check_agreement(const std::string& path, const DirectoryIdentity& one,
                               const std::string& first_path, const DirectoryIdentity& first) {
  if (one.cluster_id != first.cluster_id) {
    return refused(fmt::format("log directory {} belongs to cluster {}, but {} to cluster {}", path,
                               one.cluster_id, first_path, first.cluster_id));
  }
  if (one.node_id != first.node_id) {
    return refused(fmt::format("log directory {} belongs to node {}, but {} to node {}", path,
                               one.node_id.value(), first_path, first.node_id.value()));
  }
  if (!one.directory_id.is_zero() && one.directory_id == first.directory_id) {
    return refused(
        fmt::format("log directories {} and {} have the same directory.id {}: one is a "
                    "copy of the other",
                    first_path, path, one.directory_id.to_string()));
  }
  return {};
}

base::Result<> inspect_all(env::World& world, const std::vector<std::string>& paths,
                           std::map<std::string, base::Error>& unreadable) {
  if (paths.empty()) return refused("log.dirs names no directory");
  std::set<std::string> seen;
  std::vector<std::pair<std::string, DirectoryIdentity>> formatted;
  for (const std::string& path : paths) {
    if (!seen.insert(path).second) {
      return refused(fmt::format("log.dirs names {} twice", path));
    }
    auto identity = LogDirectory::inspect(world, path);
    if (!identity && identity.error().code == base::ErrorCode::kKafkaStorageError) {
      unreadable.emplace(path, identity.error());
      continue;
    }
    if (!identity) return base::fail(std::move(identity));
    if (!*identity) continue;
    for (const auto& [other_path, other] : formatted) {
      if (auto done = check_agreement(path, **identity, other_path, other); !done) return done;
    }
    formatted.emplace_back(path, **identity);
  }
  return {};
}

}  // namespace odradek::log::directory
