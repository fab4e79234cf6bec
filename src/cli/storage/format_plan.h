// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/flags.h"
#include "cli/storage/voters.h"
#include "config/settings.h"
#include "env/clock.h"
#include "metadata/feature_versions.h"
#include "metadata/record.h"

namespace odradek::cli {

// What kafka-storage format is to write.
struct FormatPlan {
  std::string cluster_id;
  std::int32_t node_id = -1;
  std::set<std::string> directories;
  std::string metadata_directory;
  metadata::MetadataVersion version;
  // What the metadata log is to begin with: feature levels, then credentials.
  std::vector<metadata::MetadataRecord> records;
  // Of a quorum that may change; and the listener on which they are met.
  std::optional<InitialVoters> voters;
  std::string listener;
  std::int16_t kraft_version = 0;
};

// log.dirs and metadata.log.dir.
std::set<std::string> storage_directories(const config::Settings& settings);

// By the server's configuration and the flags of the command. An INVALID_REQUEST or INVALID_CONFIG
// says what does not fit, in Kafka's words.
[[nodiscard]] base::Result<FormatPlan> plan_format(const config::Settings& settings,
                                                   const Flags& flags, env::Random& random);

}  // namespace odradek::cli
