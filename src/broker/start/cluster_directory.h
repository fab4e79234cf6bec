// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "env/disk.h"
#include "log/directory/log_directory.h"
#include "metadata/record.h"

// Where the metadata of what lies in the log directories is: in a log beside them, or in ZooKeeper.
// A directory says so itself, so that no start takes the one for the other and sets every log aside
// as unknown: docs/decisions/0020.
namespace odradek::broker {

// Whether the directory says that its metadata is in ZooKeeper.
bool is_kept_in_zookeeper(env::Disk& disk, const std::string& metadata_directory);
// Has it say so from now on, durably. Blocks.
[[nodiscard]] base::Result<> keep_in_zookeeper(env::Disk& disk,
                                               const std::string& metadata_directory,
                                               const std::string& cluster_id);
// INVALID_CONFIG where a node on its own is started on such a directory.
[[nodiscard]] base::Result<> check_kept_here(env::Disk& disk,
                                             const std::string& metadata_directory);

// Whether there is the metadata of a node that was on its own.
bool has_metadata(env::Disk& disk, const std::string& metadata_directory);
// What a cluster begins with whose first broker has this directory: the metadata log in it, where
// it was a node on its own, else what a directory is formatted with. Blocks; after the directory
// has begun.
[[nodiscard]] base::Result<std::vector<metadata::MetadataRecord>> records_to_publish(
    env::Disk& disk, log::directory::LogDirectory& directory, base::BrokerId node, bool was_clean);

}  // namespace odradek::broker
