// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "env/world.h"
#include "log/directory/log_directory.h"

// Whether the directories of one server belong together. Each error is an INVALID_CONFIG that names
// both directories.
namespace odradek::log::directory {

// What two directories have in common, the cluster and the node, must be the same, and their own
// ids must not.
[[nodiscard]] base::Result<> check_agreement(const std::string& path, const DirectoryIdentity& one,
                                             const std::string& first_path,
                                             const DirectoryIdentity& first);

// Whether there is a directory, each is named once, and those that are formatted agree. Changes
// nothing. Adds to `unreadable` those that the system does not let be read, with its error.
[[nodiscard]] base::Result<> inspect_all(env::World& world, const std::vector<std::string>& paths,
                                         std::map<std::string, base::Error>& unreadable);

}  // namespace odradek::log::directory
