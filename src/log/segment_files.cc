// SPDX-License-Identifier: Apache-2.0
#include "log/segment_files.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>
#include <optional>
#include <vector>

#include "log/batch_scanner.h"
#include "log/directory/log_directory.h"
#include "log/file_names.h"
#include "log/recovery/batch_walker.h"

namespace odradek::log {

base::Result<> mark_segment_deleted(directory::LogDirectory& directory,
                                    const std::string& partition_path, base::Offset base_offset,
                                    std::int64_t delay_ms) {
  env::Disk& disk = directory.world().disk();
  for (const auto suffix :
       {kLogSuffix, kOffsetIndexSuffix, kTimeIndexSuffix, kTransactionIndexSuffix}) {
    const std::string path = partition_path + '/' + offset_file_name(base_offset, suffix);
    const std::string marked = path + std::string(kDeletedSuffix);
    if (auto renamed = disk.rename(path, marked); !renamed) {
      if (renamed.error().os_error == ENOENT) continue;
      return renamed;
    }
    directory.remove_later(marked, std::chrono::milliseconds(delay_ms));
  }
  return {};
}

namespace {

constexpr base::Offset kGreatestOffset{std::numeric_limits<std::int64_t>::max()};

class Tidying {
 public:
  Tidying(env::Disk& disk, const std::string& path) : disk_(disk), path_(path) {}

  base::Result<TidyDirectory> run();

 private:
  struct FoundFile {
    std::string name;
    base::Offset offset;
    std::string suffix;
    std::string marker;
  };

  base::Result<> list();
  base::Result<> remove(const FoundFile& file);
  base::Result<> remove_unfinished();
  base::Result<> finish_swaps();
  base::Result<> remove_orphans();
  base::Result<base::Offset> end_of(const FoundFile& file) const;
  bool has(base::Offset offset, std::string_view suffix, std::string_view marker) const;
  bool has_log(base::Offset offset) const;
  bool was_swapped_in(const FoundFile& file) const;

  env::Disk& disk_;
  const std::string& path_;
  std::vector<env::DirectoryEntry> entries_;
  std::vector<FoundFile> files_;
  bool changed_ = false;
};

base::Result<TidyDirectory> Tidying::run() {
  using Step = base::Result<> (Tidying::*)();
  for (const Step step : {&Tidying::list, &Tidying::remove_unfinished, &Tidying::finish_swaps,
                          &Tidying::remove_orphans}) {
    if (auto done = (this->*step)(); !done) return base::fail(std::move(done));
  }
  if (changed_) {
    if (auto done = list(); !done) return base::fail(std::move(done));
  }
  return TidyDirectory{std::move(entries_), changed_};
}

base::Result<> Tidying::list() {
  auto entries = disk_.list(path_);
  if (!entries) return base::fail(std::move(entries));
  entries_ = std::move(*entries);
  files_.clear();
  for (const env::DirectoryEntry& entry : entries_) {
    const auto name = parse_offset_file_name(entry.name);
    if (entry.is_directory || !name) continue;
    files_.push_back(
        {entry.name, name->offset, std::string(name->suffix), std::string(name->marker)});
  }
  return {};
}

base::Result<> Tidying::remove(const FoundFile& file) {
  changed_ = true;
  auto removed = disk_.remove_file(path_ + '/' + file.name);
  if (!removed && removed.error().os_error != ENOENT) return removed;
  return {};
}

// A swap file at or after an unfinished one belongs to an operation that did not get to its end. It
// goes first, and durably: without the unfinished one it would count as finished.
base::Result<> Tidying::remove_unfinished() {
  base::Offset first_cleaned = kGreatestOffset;
  for (const FoundFile& file : files_) {
    if (file.marker == kCleanedSuffix) first_cleaned = std::min(first_cleaned, file.offset);
  }
  bool has_removed_swap = false;
  for (const FoundFile& file : files_) {
    if (file.marker != kSwapSuffix || file.offset < first_cleaned) continue;
    if (auto removed = remove(file); !removed) return removed;
    has_removed_swap = true;
  }
  if (has_removed_swap) {
    if (auto synced = disk_.sync_directory(path_); !synced) return synced;
  }
  for (const FoundFile& file : files_) {
    const bool is_unfinished = file.marker == kDeletedSuffix || file.marker == kCleanedSuffix ||
                               file.marker == kRebuiltSuffix;
    if (!is_unfinished) continue;
    if (auto removed = remove(file); !removed) return removed;
  }
  return changed_ ? list() : base::Result<>();
}

base::Result<base::Offset> Tidying::end_of(const FoundFile& file) const {
  auto opened = disk_.open(path_ + '/' + file.name, env::OpenMode::kRead);
  if (!opened) return base::fail(std::move(opened));
  auto size = (*opened)->size();
  if (!size) return base::fail(std::move(size));
  recovery::BatchWalker walker({.file = *opened,
                                .end_position = *size,
                                .first_offset = file.offset,
                                .end_offset = kGreatestOffset,
                                .whole_from = kGreatestOffset},
                               BatchScanner::kReplayChunkBytes);
  base::Offset end = file.offset;
  for (;;) {
    auto step = walker.next();
    if (!step) return base::fail(std::move(step));
    if (!*step) return end;
    // What is damaged replaces nothing.
    const auto* header = std::get_if<record::BatchHeader>(&**step);
    if (header != nullptr) end = header->next_offset();
  }
}

bool Tidying::has(base::Offset offset, std::string_view suffix, std::string_view marker) const {
  return std::ranges::any_of(files_, [&](const FoundFile& file) {
    return file.offset == offset && file.suffix == suffix && file.marker == marker;
  });
}

// Whether an index has its last name already, though its records have not: the last renames may
// survive a power cut in any order, and no original was there any more when they began.
bool Tidying::was_swapped_in(const FoundFile& file) const {
  if (file.suffix == kLogSuffix || file.suffix == kSnapshotSuffix) return false;
  return has(file.offset, kLogSuffix, kSwapSuffix) &&
         !(has(file.offset, kOffsetIndexSuffix, kSwapSuffix) &&
           has(file.offset, kTimeIndexSuffix, kSwapSuffix));
}

// What compaction replaced may be there still: it lies in the range of what replaces it.
base::Result<> Tidying::finish_swaps() {
  base::Offset first = kGreatestOffset;
  base::Offset end{0};
  for (const FoundFile& file : files_) {
    if (file.marker != kSwapSuffix || file.suffix != kLogSuffix) continue;
    auto file_end = end_of(file);
    if (!file_end) return base::fail(std::move(file_end));
    first = std::min(first, file.offset);
    end = std::max(end, *file_end);
  }
  bool has_swaps = false;
  for (const FoundFile& file : files_) {
    has_swaps |= file.marker == kSwapSuffix;
    if (!file.marker.empty() || file.offset < first || file.offset >= end) continue;
    if (was_swapped_in(file)) continue;
    if (auto removed = remove(file); !removed) return removed;
  }
  for (const FoundFile& file : files_) {
    if (file.marker != kSwapSuffix) continue;
    const std::string from = path_ + '/' + file.name;
    const std::string to = from.substr(0, from.size() - kSwapSuffix.size());
    if (auto renamed = disk_.rename(from, to); !renamed) return renamed;
  }
  changed_ |= has_swaps;
  return has_swaps ? list() : base::Result<>();
}

bool Tidying::has_log(base::Offset offset) const { return has(offset, kLogSuffix, ""); }

base::Result<> Tidying::remove_orphans() {
  for (const FoundFile& file : files_) {
    const bool belongs_to_log = file.suffix == kOffsetIndexSuffix ||
                                file.suffix == kTimeIndexSuffix ||
                                file.suffix == kTransactionIndexSuffix;
    if (!belongs_to_log || has_log(file.offset)) continue;
    if (auto removed = remove(file); !removed) return removed;
  }
  return {};
}

}  // namespace

base::Result<TidyDirectory> tidy_partition_directory(env::Disk& disk, const std::string& path) {
  return Tidying(disk, path).run();
}

}  // namespace odradek::log
