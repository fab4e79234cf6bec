// SPDX-License-Identifier: Apache-2.0
#include "log/file_names.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>

#include "base/assert.h"

namespace odradek::log {

namespace {

constexpr std::size_t kOffsetDigits = 20;

std::string_view cut_marker(std::string_view& name) {
  for (const auto marker : {kDeletedSuffix, kCleanedSuffix, kSwapSuffix, kRebuiltSuffix}) {
    if (!name.ends_with(marker)) continue;
    const std::string_view found = name.substr(name.size() - marker.size());
    name.remove_suffix(marker.size());
    return found;
  }
  return {};
}

}  // namespace

std::string offset_file_name(base::Offset offset, std::string_view suffix) {
  ODRADEK_ASSERT(offset.value() >= 0);
  std::array<char, kOffsetDigits> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), offset.value());
  const auto count = static_cast<std::size_t>(end.ptr - digits.data());
  std::string name(kOffsetDigits - count, '0');
  name.append(digits.data(), count);
  name.append(suffix);
  return name;
}

std::optional<OffsetFileName> parse_offset_file_name(std::string_view name) {
  const std::string_view marker = cut_marker(name);
  if (name.size() < kOffsetDigits) return std::nullopt;
  const std::string_view digits = name.substr(0, kOffsetDigits);
  const std::string_view suffix = name.substr(kOffsetDigits);
  constexpr std::array kSuffixes{kLogSuffix, kOffsetIndexSuffix, kTimeIndexSuffix,
                                 kTransactionIndexSuffix, kSnapshotSuffix};
  if (std::ranges::find(kSuffixes, suffix) == kSuffixes.end()) return std::nullopt;
  std::int64_t offset = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), offset);
  const bool is_number = error == std::errc{} && end == digits.end() && digits.front() != '-';
  if (!is_number) return std::nullopt;
  return OffsetFileName{base::Offset(offset), suffix, marker};
}

}  // namespace odradek::log
