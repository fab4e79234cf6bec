// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "cli/dump_log/segment_reader.h"
#include "cli/metadata_shell/metadata_image.h"
#include "record/record_reader.h"

namespace odradek::cli {
namespace {

constexpr std::string_view kPartitionDirectory = "__cluster_metadata-0";
constexpr std::size_t kOffsetDigits = 20;

base::Result<> replay_batch(ShellImage& image, const record::BatchView& batch,
                            std::int64_t from_offset) {
  if (batch.is_control()) return {};
  auto reader = record::RecordReader::open(batch);
  if (!reader) return base::fail(std::move(reader));
  while (true) {
    const auto record = reader->next();
    if (!record) return base::fail(record.error());
    if (!*record) break;
    const std::int64_t offset = (*record)->offset.value();
    if (offset < from_offset || !(*record)->value) continue;
    if (const auto done = image.replay(*(*record)->value); !done) {
      fmt::print(stderr, "The record at offset {} is skipped: {}\n", offset, done.error().message);
    }
  }
  image.set_provenance(batch.last_offset().value(), batch.leader_epoch().value(),
                       batch.max_timestamp().value());
  return {};
}

base::Result<> replay_file(env::Disk& disk, const std::string& path, std::int64_t from_offset,
                           ShellImage& image) {
  auto segment = SegmentReader::open(disk, path);
  if (!segment) return base::fail(std::move(segment));
  while (true) {
    const auto batch = segment->next();
    if (!batch) return base::fail(batch.error());
    if (!*batch) return {};
    const auto bytes = segment->whole(**batch);
    if (!bytes) return base::fail(bytes.error());
    const auto view = record::BatchView::parse(*bytes);
    if (!view) return base::fail(view.error());
    if (!view->crc_matches()) {
      return base::fail(base::ErrorCode::kCorruptMessage,
                        fmt::format("{}: the batch at position {} does not match its CRC", path,
                                    (*batch)->position));
    }
    if (auto done = replay_batch(image, *view, from_offset); !done) return done;
  }
}

// The number that a file's name begins with; -1: none.
std::int64_t leading_offset(std::string_view name) {
  std::int64_t offset = -1;
  if (name.size() < kOffsetDigits) return -1;
  const auto [end, error] = std::from_chars(name.data(), name.data() + kOffsetDigits, offset);
  return error == std::errc() && end == name.data() + kOffsetDigits ? offset : -1;
}

base::Result<> replay_directory(env::Disk& disk, const std::string& path, ShellImage& image) {
  const auto entries = disk.list(path);
  if (!entries) return base::fail(entries.error());
  std::string snapshot;
  std::vector<std::string> segments;
  for (const env::DirectoryEntry& entry : *entries) {
    if (entry.is_directory && entry.name == kPartitionDirectory) {
      return replay_directory(disk, path + '/' + entry.name, image);
    }
    if (leading_offset(entry.name) < 0) continue;
    // They are sorted: the last one is the newest.
    if (entry.name.ends_with(".checkpoint")) snapshot = entry.name;
    if (entry.name.ends_with(".log")) segments.push_back(entry.name);
  }
  if (snapshot.empty() && segments.empty()) {
    return base::fail(base::ErrorCode::kInvalidRequest,
                      fmt::format("{} holds no metadata log and no snapshot of one", path));
  }
  std::int64_t from_offset = 0;
  if (!snapshot.empty()) {
    if (auto done = replay_file(disk, path + '/' + snapshot, 0, image); !done) return done;
    from_offset = leading_offset(snapshot);
  }
  for (const std::string& segment : segments) {
    if (auto done = replay_file(disk, path + '/' + segment, from_offset, image); !done) return done;
  }
  return {};
}

}  // namespace

base::Result<ShellImage> load_shell_image(env::Disk& disk, const std::string& path) {
  ShellImage image;
  const bool is_directory = disk.list(path).has_value();
  auto done =
      is_directory ? replay_directory(disk, path, image) : replay_file(disk, path, 0, image);
  if (!done) return base::fail(std::move(done));
  return image;
}

}  // namespace odradek::cli
