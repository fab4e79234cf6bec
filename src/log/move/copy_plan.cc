// SPDX-License-Identifier: Apache-2.0
#include "log/move/copy_plan.h"

#include <algorithm>
#include <optional>

namespace odradek::log::move {
namespace {

bool is_copy_of(const CopiedSegment& copied, const SourceSegment& source) {
  return copied.identity == source.identity && copied.bytes <= source.bytes;
}

const SourceSegment* find_segment(const CopySource& source, base::Offset base_offset) {
  const auto found =
      std::ranges::lower_bound(source.segments, base_offset, {}, &SourceSegment::base_offset);
  if (found == source.segments.end() || found->base_offset != base_offset) return nullptr;
  return &*found;
}

std::optional<Step> first_to_drop(const CopySource& source, const Copied& copied) {
  for (const auto& [base_offset, segment] : copied.segments) {
    const SourceSegment* original = find_segment(source, base_offset);
    if (original != nullptr && is_copy_of(segment, *original)) continue;
    return Step{.kind = StepKind::kDropSegment, .offset = base_offset};
  }
  for (const base::Offset snapshot : copied.snapshots) {
    if (std::ranges::binary_search(source.snapshots, snapshot)) continue;
    return Step{.kind = StepKind::kDropSnapshot, .offset = snapshot};
  }
  return std::nullopt;
}

std::optional<Step> missing_of(const SourceSegment& segment, bool is_last, const Copied& copied) {
  const auto found = copied.segments.find(segment.base_offset);
  if (found == copied.segments.end() || found->second.bytes < segment.bytes) {
    const std::uint64_t from = found == copied.segments.end() ? 0 : found->second.bytes;
    return Step{StepKind::kCopyBytes, segment.base_offset, from, segment.bytes - from};
  }
  if (is_last || !segment.is_complete || found->second.has_indexes) return std::nullopt;
  return Step{.kind = StepKind::kCopyIndexes, .offset = segment.base_offset};
}

}  // namespace

Step next_step(const CopySource& source, const Copied& copied) {
  if (const auto step = first_to_drop(source, copied)) return *step;
  for (std::size_t i = 0; i + 1 < source.segments.size(); ++i) {
    if (const auto step = missing_of(source.segments[i], false, copied)) return *step;
  }
  for (const base::Offset snapshot : source.snapshots) {
    if (!copied.snapshots.contains(snapshot)) {
      return {.kind = StepKind::kCopySnapshot, .offset = snapshot};
    }
  }
  return missing_of(source.segments.back(), true, copied).value_or(Step{});
}

std::uint64_t missing_bytes(const CopySource& source, const Copied& copied) {
  std::uint64_t missing = 0;
  for (const SourceSegment& segment : source.segments) {
    const auto found = copied.segments.find(segment.base_offset);
    const bool counts = found != copied.segments.end() && is_copy_of(found->second, segment);
    missing += segment.bytes - (counts ? found->second.bytes : 0);
  }
  return missing;
}

}  // namespace odradek::log::move
