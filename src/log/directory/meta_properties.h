// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "log/directory/log_directory.h"

// `meta.properties`: whose a log directory is, in Java's properties format. Version 1: version,
// cluster.id, node.id, directory.id (the last missing before Kafka 3.7). Version 0, of ZooKeeper's
// days: broker.id, cluster.id.
namespace odradek::log::directory {

inline constexpr std::string_view kMetaPropertiesFile = "meta.properties";

std::string format_meta_properties(const DirectoryIdentity& identity);
// INVALID_CONFIG with the path, the key and the value.
[[nodiscard]] base::Result<DirectoryIdentity> parse_meta_properties(std::string_view text,
                                                                    const std::string& path);

}  // namespace odradek::log::directory
