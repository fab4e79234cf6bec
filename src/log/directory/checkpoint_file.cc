// SPDX-License-Identifier: Apache-2.0
#include "log/directory/checkpoint_file.h"

#include <fmt/core.h>

#include <charconv>
#include <limits>

namespace odradek::log::directory {
namespace {

constexpr std::int64_t kVersion = 0;

std::unexpected<base::Error> malformed(const std::string& path, std::size_t line,
                                       std::string_view why) {
  return base::fail(base::ErrorCode::kKafkaStorageError,
                    fmt::format("checkpoint {}: line {}: {}", path, line, why));
}

// The next line without its end; a last line may lack the newline.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::vector<std::string> split(std::string_view line) {
  std::vector<std::string> fields;
  constexpr std::string_view kBlanks = " \t";
  std::size_t begin = line.find_first_not_of(kBlanks);
  while (begin != std::string_view::npos) {
    const std::size_t end = std::min(line.find_first_of(kBlanks, begin), line.size());
    fields.emplace_back(line.substr(begin, end - begin));
    begin = line.find_first_not_of(kBlanks, end);
  }
  return fields;
}

}  // namespace

base::Result<std::int64_t> parse_checkpoint_number(std::string_view field, std::int64_t min,
                                                   std::int64_t max, const std::string& path) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number);
  const bool is_number = error == std::errc() && end == field.data() + field.size();
  if (is_number && number >= min && number <= max) return number;
  return base::fail(
      base::ErrorCode::kKafkaStorageError,
      fmt::format("checkpoint {}: '{}' is not a number between {} and {}", path, field, min, max));
}

base::Result<std::vector<std::vector<std::string>>> parse_checkpoint(std::string_view text,
                                                                     std::size_t fields,
                                                                     const std::string& path) {
  std::vector<std::vector<std::string>> entries;
  if (text.empty()) return entries;
  constexpr std::int64_t kMaxInt32 = std::numeric_limits<std::int32_t>::max();
  auto version = parse_checkpoint_number(take_line(text), 0, kMaxInt32, path);
  if (!version) return base::fail(std::move(version));
  if (*version != kVersion) {
    return malformed(path, 1, fmt::format("version {}, only {} is known", *version, kVersion));
  }
  if (text.empty()) return entries;
  auto count = parse_checkpoint_number(take_line(text), 0, kMaxInt32, path);
  if (!count) return base::fail(std::move(count));
  for (std::size_t line = 3; !text.empty(); ++line) {
    auto entry = split(take_line(text));
    if (entry.size() != fields) {
      return malformed(path, line, fmt::format("{} fields instead of {}", entry.size(), fields));
    }
    entries.push_back(std::move(entry));
  }
  if (entries.size() == static_cast<std::size_t>(*count)) return entries;
  return malformed(path, 2, fmt::format("{} entries said, {} found", *count, entries.size()));
}

std::string format_checkpoint(const std::vector<std::string>& entries) {
  std::string text = fmt::format("{}\n{}\n", kVersion, entries.size());
  for (const std::string& entry : entries) {
    text += entry;
    text += '\n';
  }
  return text;
}

base::Result<PartitionOffsets> parse_offset_checkpoint(std::string_view text,
                                                       const std::string& path) {
  auto entries = parse_checkpoint(text, 3, path);
  if (!entries) return base::fail(std::move(entries));
  PartitionOffsets offsets;
  for (auto& fields : *entries) {
    auto partition =
        parse_checkpoint_number(fields[1], 0, std::numeric_limits<std::int32_t>::max(), path);
    if (!partition) return base::fail(std::move(partition));
    auto offset =
        parse_checkpoint_number(fields[2], 0, std::numeric_limits<std::int64_t>::max(), path);
    if (!offset) return base::fail(std::move(offset));
    offsets[{std::move(fields[0]), static_cast<std::int32_t>(*partition)}] = base::Offset(*offset);
  }
  return offsets;
}

std::string format_offset_checkpoint(const PartitionOffsets& offsets) {
  std::string text = fmt::format("{}\n{}\n", kVersion, offsets.size());
  for (const auto& [partition, offset] : offsets) {
    fmt::format_to(std::back_inserter(text), "{} {} {}\n", partition.topic, partition.partition,
                   offset.value());
  }
  return text;
}

base::Result<> write_offset_checkpoint(env::Disk& disk, const std::string& path,
                                       const PartitionOffsets& offsets) {
  return disk.write_file(path, format_offset_checkpoint(offsets));
}

}  // namespace odradek::log::directory
