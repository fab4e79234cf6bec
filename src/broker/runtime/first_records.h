// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "env/disk.h"
#include "metadata/record.h"

namespace odradek::broker {

// What the metadata of a new node begins with: what its directory was formatted with
// (bootstrap.checkpoint), else what we format one with.
[[nodiscard]] base::Result<std::vector<metadata::MetadataRecord>> first_records(
    env::Disk& disk, const std::string& directory);

}  // namespace odradek::broker
