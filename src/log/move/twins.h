// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "base/ids.h"
#include "base/result.h"
#include "env/disk.h"

namespace odradek::log::move {

// One of several directories that bear the name of one partition: a crash right at the end of a
// move leaves two (Log::relocate), and whoever copies directories by hand may make more.
struct Twin {
  // Of the `.log` files, by base offset.
  std::map<base::Offset, std::uint64_t> segments;
  base::Offset recovery_point{0};
};

// Lists the directory.
[[nodiscard]] base::Result<Twin> look_at_twin(env::Disk& disk, const std::string& path,
                                              base::Offset recovery_point);

// The one to keep: that which goes on furthest, then that which is flushed furthest. At the end of
// a move both go on equally far, and all of the new one was flushed before it got its name; what is
// written after it goes to the new one alone. REQUIRES: at least one. Pure.
std::size_t choose_twin(std::span<const Twin> twins);
// Whether `kept` has every byte that `other` has, as far as sizes tell. Pure.
bool covers(const Twin& kept, const Twin& other);

}  // namespace odradek::log::move
