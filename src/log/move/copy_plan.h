// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/ids.h"

// What is to be done next so that a copy of a partition's files becomes what the partition is now.
// Pure: the source changes while it is copied (appended to, rolled, cut at either end, compacted),
// and every step is decided anew from what it is then.
namespace odradek::log::move {

struct SourceSegment {
  base::Offset base_offset;
  // The same object: the same bytes, but for those appended. Kept by the copy, so that none that
  // comes later can be taken for it.
  std::shared_ptr<const void> identity;
  // Of the `.log` file, written.
  std::uint64_t bytes = 0;
  // Nothing is appended any more, and the indexes are written.
  bool is_complete = false;
};

// A partition's files, as one moment saw them.
struct CopySource {
  std::string path;
  // By base offset. One of the last is being written; those after it are still empty.
  std::vector<SourceSegment> segments;
  std::vector<base::Offset> snapshots;
  base::Offset log_start_offset;
  base::Offset end_offset;
};

struct CopiedSegment {
  std::shared_ptr<const void> identity;
  std::uint64_t bytes = 0;
  bool has_indexes = false;
};

struct Copied {
  std::map<base::Offset, CopiedSegment> segments;
  std::set<base::Offset> snapshots;
};

enum class StepKind : std::uint8_t {
  kNothing,      // all is copied, but for the indexes of what is not complete and the last one's
  kDropSegment,  // the source has it no longer, or another one in its place
  kCopyBytes,    // of the `.log` file; of an empty one: whether there is a file
  kCopyIndexes,
  kDropSnapshot,
  kCopySnapshot,
};

struct Step {
  StepKind kind = StepKind::kNothing;
  base::Offset offset;  // the segment's or the snapshot's
  std::uint64_t from = 0;
  std::uint64_t bytes = 0;
};

// First what has to go, then the segments that are whole in the source, the oldest first, then the
// snapshots, and the last segment's bytes in the end.
Step next_step(const CopySource& source, const Copied& copied);
// Bytes of `.log` files that are still to be copied.
std::uint64_t missing_bytes(const CopySource& source, const Copied& copied);

}  // namespace odradek::log::move
