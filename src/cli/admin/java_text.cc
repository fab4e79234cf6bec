// SPDX-License-Identifier: Apache-2.0
#include "cli/admin/java_text.h"

#include <algorithm>
#include <bit>

namespace odradek::cli {
namespace {

// Of a string whose characters are ASCII.
std::uint32_t hash_code(std::string_view text) {
  std::uint32_t hash = 0;
  for (const char c : text) hash = hash * 31 + static_cast<unsigned char>(c);
  return hash ^ (hash >> 16);
}

}  // namespace

std::vector<std::string> java_hash_order(std::vector<std::string> keys) {
  auto buckets = std::bit_ceil(static_cast<std::uint32_t>(keys.size()));
  if (keys.size() * 4 > std::size_t{buckets} * 3) buckets *= 2;
  std::ranges::stable_sort(keys, {},
                           [&](const std::string& key) { return hash_code(key) & (buckets - 1); });
  return keys;
}

}  // namespace odradek::cli
