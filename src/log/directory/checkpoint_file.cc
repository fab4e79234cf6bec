// SPDX-License-Identifier: Apache-2.0
#include "log/directory/checkpoint_file.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <iterator>
#include <limits>
#include <span>

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

// Puts the line's fields into `fields`; returns how many there are, though no more than fit.
std::size_t split(std::string_view line, std::span<std::string_view> fields) {
  constexpr std::string_view kBlanks = " \t";
  std::size_t count = 0;
  std::size_t begin = line.find_first_not_of(kBlanks);
  for (; begin != std::string_view::npos; ++count) {
    const std::size_t end = std::min(line.find_first_of(kBlanks, begin), line.size());
    if (count < fields.size()) fields[count] = line.substr(begin, end - begin);
    begin = line.find_first_not_of(kBlanks, end);
  }
  return count;
}

using Fields = std::span<const std::string_view>;

// Calls `visit` with the fields of every entry.
base::Result<> visit_entries(std::string_view text, std::size_t count_of_fields,
                             const std::string& path,
                             const std::function<base::Result<>(Fields)>& visit) {
  if (text.empty()) return {};
  constexpr std::int64_t kMaxInt32 = std::numeric_limits<std::int32_t>::max();
  auto version = parse_checkpoint_number(take_line(text), 0, kMaxInt32, path);
  if (!version) return base::fail(std::move(version));
  if (*version != kVersion) {
    return malformed(path, 1, fmt::format("version {}, only {} is known", *version, kVersion));
  }
  if (text.empty()) return {};
  auto count = parse_checkpoint_number(take_line(text), 0, kMaxInt32, path);
  if (!count) return base::fail(std::move(count));
  std::vector<std::string_view> fields(count_of_fields);
  std::size_t found = 0;
  for (; !text.empty(); ++found) {
    const std::size_t there = split(take_line(text), fields);
    if (there != count_of_fields) {
      return malformed(path, found + 3,
                       fmt::format("{} fields instead of {}", there, count_of_fields));
    }
    if (auto done = visit(fields); !done) return done;
  }
  if (found == static_cast<std::size_t>(*count)) return {};
  return malformed(path, 2, fmt::format("{} entries said, {} found", *count, found));
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
  auto done = visit_entries(text, fields, path, [&](Fields entry) -> base::Result<> {
    entries.emplace_back(entry.begin(), entry.end());
    return {};
  });
  if (!done) return base::fail(std::move(done));
  return entries;
}

std::string format_checkpoint(const std::vector<std::string>& entries) {
  std::string text = fmt::format("{}\n{}\n", kVersion, entries.size());
  for (const std::string& entry : entries) {
    text += entry;
    text += '\n';
  }
  return text;
}

base::Result<OffsetEntries> parse_offset_entries(std::string_view text, const std::string& path) {
  OffsetEntries offsets;
  auto done = visit_entries(text, 3, path, [&](Fields fields) -> base::Result<> {
    auto partition =
        parse_checkpoint_number(fields[1], 0, std::numeric_limits<std::int32_t>::max(), path);
    if (!partition) return base::fail(std::move(partition));
    auto offset =
        parse_checkpoint_number(fields[2], 0, std::numeric_limits<std::int64_t>::max(), path);
    if (!offset) return base::fail(std::move(offset));
    offsets.push_back(
        {{std::string(fields[0]), static_cast<std::int32_t>(*partition)}, base::Offset(*offset)});
    return {};
  });
  if (!done) return base::fail(std::move(done));
  return offsets;
}

base::Result<PartitionOffsets> parse_offset_checkpoint(std::string_view text,
                                                       const std::string& path) {
  auto entries = parse_offset_entries(text, path);
  if (!entries) return base::fail(std::move(entries));
  PartitionOffsets offsets;
  for (auto& [partition, offset] : *entries) {
    offsets.insert_or_assign(std::move(partition), offset);
  }
  return offsets;
}

std::string format_offset_checkpoint(OffsetEntries offsets) {
  std::ranges::sort(offsets);
  std::string text = fmt::format("{}\n{}\n", kVersion, offsets.size());
  for (const auto& [partition, offset] : offsets) {
    fmt::format_to(std::back_inserter(text), "{} {} {}\n", partition.topic, partition.partition,
                   offset.value());
  }
  return text;
}

base::Result<> write_offset_checkpoint(env::Disk& disk, const std::string& path,
                                       OffsetEntries offsets) {
  return disk.write_file(path, format_offset_checkpoint(std::move(offsets)));
}

}  // namespace odradek::log::directory
