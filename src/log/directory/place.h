// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "base/result.h"
#include "env/disk.h"

// A log directory as a place in the file system, before it is known whose it is.
namespace odradek::log::directory {

// The reason of a failed call on the directory `path`, before the system's words.
base::Error explained(base::Error error, const std::string& path);

template <typename T>
std::unexpected<base::Error> explained(base::Result<T>&& result, const std::string& path) {
  return std::unexpected(explained(std::move(result).error(), path));
}

// Makes the directory and those above it that are missing, durably. Blocks.
[[nodiscard]] base::Result<> make_durably(env::Disk& disk, const std::string& path);

}  // namespace odradek::log::directory
