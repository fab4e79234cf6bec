// SPDX-License-Identifier: Apache-2.0
#include "log/partition_metadata.h"

#include <fmt/core.h>

#include <cerrno>
#include <charconv>

namespace odradek::log {
namespace {

std::unexpected<base::Error> malformed(const std::string& path, std::string_view why) {
  return base::fail(base::ErrorCode::kKafkaStorageError, fmt::format("{}: {}", path, why));
}

// The value of a line "key: value"; nothing of any other.
std::optional<std::string_view> value_of(std::string_view line, std::string_view key) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!line.starts_with(key)) return std::nullopt;
  line.remove_prefix(key.size());
  if (!line.starts_with(": ")) return std::nullopt;
  return line.substr(2);
}

std::string path_in(const std::string& partition_directory) {
  return partition_directory + '/' + std::string(kPartitionMetadataFile);
}

}  // namespace

std::string format_partition_metadata(const base::TopicId& topic_id) {
  return fmt::format("version: 0\ntopic_id: {}", topic_id.to_string());
}

base::Result<base::TopicId> parse_partition_metadata(std::string_view text,
                                                     const std::string& path) {
  const std::size_t first_end = text.find('\n');
  const auto version = value_of(text.substr(0, first_end), "version");
  if (!version) return malformed(path, "line 1 is not 'version: <number>'");
  int number = -1;
  const auto [end, error] =
      std::from_chars(version->data(), version->data() + version->size(), number);
  if (error != std::errc() || end != version->data() + version->size() || number < 0) {
    return malformed(path, fmt::format("version '{}' is not a number from 0 on", *version));
  }
  if (first_end == std::string_view::npos) return malformed(path, "there is no topic_id");
  text.remove_prefix(first_end + 1);
  const auto id_text = value_of(text.substr(0, text.find('\n')), "topic_id");
  if (!id_text) return malformed(path, "line 2 is not 'topic_id: <id>'");
  const auto id = base::Uuid::parse(*id_text);
  if (id && !id->is_zero()) return *id;
  return malformed(path, fmt::format("'{}' is not a topic's id", *id_text));
}

base::Result<std::optional<base::TopicId>> read_partition_metadata(
    env::Disk& disk, const std::string& partition_directory) {
  const std::string path = path_in(partition_directory);
  auto text = disk.read_file(path, 4096);
  if (!text && text.error().os_error == ENOENT) return std::nullopt;
  if (!text) return base::fail(std::move(text));
  if (text->empty()) return std::nullopt;
  auto id = parse_partition_metadata(*text, path);
  if (!id) return base::fail(std::move(id));
  return *id;
}

base::Result<> write_partition_metadata(env::Disk& disk, const std::string& partition_directory,
                                        const base::TopicId& topic_id, bool is_synced_by_caller) {
  const std::string path = path_in(partition_directory);
  const std::string text = format_partition_metadata(topic_id);
  if (!is_synced_by_caller) return disk.write_file(path, text);
  auto file = disk.open(path, env::OpenMode::kCreate);
  if (!file) return base::fail(std::move(file));
  // As for any new file (leader_epoch_cache.cc).
  const auto leftover = (*file)->size();
  if (!leftover) return std::unexpected(leftover.error());
  if (*leftover > 0) {
    if (auto done = (*file)->truncate(0); !done) return done;
  }
  return (*file)->write_at(0, base::as_bytes(text));
}

}  // namespace odradek::log
