// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "env/disk.h"

namespace odradek::log::recovery {

// The entries of an index file, and what is wrong with the file itself. Zeros at the end are none.
struct IndexEntries {
  std::vector<std::uint8_t> bytes;
  std::uint64_t file_size = 0;
  std::size_t count = 0;
  bool is_there = false;
  std::string problem;
};

// An index that is not there has no entries. Errors are the disk's. Blocks.
[[nodiscard]] base::Result<IndexEntries> read_index(env::Disk& disk, const std::string& path,
                                                    std::uint32_t entry_bytes);

}  // namespace odradek::log::recovery
