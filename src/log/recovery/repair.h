// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "env/disk.h"
#include "log/recovery/check.h"

namespace odradek::log::recovery {

// What a file that was damaged is kept under; no start of a server looks at it.
inline constexpr std::string_view kDamagedSuffix = ".damaged";

// Mends what a check found in a partition, durably: a segment gets a copy without the bytes that
// are no batches, indexes and epochs are made from the batches, a snapshot that is broken goes. The
// file as it was is kept beside it as `<name>.damaged`; nothing is deleted, but for indexes. Every
// record that is left keeps its offset, and the log's end stays where the recovery point is.
// REQUIRES: nobody has the partition open. Returns what was done, a sentence each.
[[nodiscard]] base::Result<std::vector<std::string>> repair_partition(env::Disk& disk,
                                                                      const PartitionCheck& check,
                                                                      const CheckOptions& options);

// Sets the files that are broken aside, where a server makes them anew at its start; an identity
// that can't be read is left, for nobody knows what it was.
[[nodiscard]] base::Result<std::vector<std::string>> repair_directory_files(
    env::Disk& disk, const std::string& path, const std::vector<Finding>& findings);

}  // namespace odradek::log::recovery
