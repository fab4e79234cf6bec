// SPDX-License-Identifier: Apache-2.0
#include "log/move/twins.h"

#include <algorithm>
#include <tuple>

#include "base/assert.h"
#include "log/file_names.h"

namespace odradek::log::move {
namespace {

auto reach(const Twin& twin) {
  const auto last = twin.segments.empty()
                        ? std::pair(base::kNoOffset, std::uint64_t{0})
                        : std::pair(twin.segments.rbegin()->first, twin.segments.rbegin()->second);
  return std::tuple(last.first, last.second, twin.recovery_point);
}

}  // namespace

base::Result<Twin> look_at_twin(env::Disk& disk, const std::string& path,
                                base::Offset recovery_point) {
  auto files = disk.list(path);
  if (!files) return base::fail(std::move(files));
  Twin twin{.segments = {}, .recovery_point = recovery_point};
  for (const env::DirectoryEntry& file : *files) {
    const auto name = parse_offset_file_name(file.name);
    if (!name || !name->marker.empty() || name->suffix != kLogSuffix) continue;
    auto size = disk.file_size(path + '/' + file.name);
    if (!size) return base::fail(std::move(size));
    twin.segments[name->offset] = *size;
  }
  return twin;
}

std::size_t choose_twin(std::span<const Twin> twins) {
  ODRADEK_ASSERT(!twins.empty());
  return static_cast<std::size_t>(std::ranges::max_element(twins, {}, reach) - twins.begin());
}

bool covers(const Twin& kept, const Twin& other) {
  return std::ranges::all_of(other.segments, [&kept](const auto& segment) {
    const auto found = kept.segments.find(segment.first);
    return segment.second == 0 || (found != kept.segments.end() && found->second >= segment.second);
  });
}

}  // namespace odradek::log::move
