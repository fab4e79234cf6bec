// SPDX-License-Identifier: Apache-2.0
#include "config/nearest.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "config/table.h"

namespace odradek::config {
namespace {

// Longer ones are nobody's slip, and the comparison takes time in their length.
constexpr std::size_t kMaxLength = 120;

// The words of a key, however they are separated, in lower case.
std::vector<std::string> words_of(std::string_view key) {
  std::vector<std::string> words(1);
  for (const char character : key) {
    if (character == '.' || character == '_' || character == '-' || character == ' ') {
      words.emplace_back();
    } else {
      words.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(character)));
    }
  }
  return words;
}

bool have_same_words(std::vector<std::string> left, std::vector<std::string> right) {
  std::ranges::sort(left);
  std::ranges::sort(right);
  return left == right;
}

// "log.retention" and a unit.
bool lacks_unit(std::string_view key, std::string_view full) {
  if (!full.starts_with(key)) return false;
  const std::string_view rest = full.substr(key.size());
  return rest == ".ms" || rest == ".bytes" || rest == ".seconds" || rest == ".minutes" ||
         rest == ".hours";
}

// How many letters to insert, drop, replace or swap with their neighbour make one of the other.
std::size_t edits_between(std::string_view left, std::string_view right) {
  std::vector<std::size_t> before(right.size() + 1);
  std::vector<std::size_t> last(right.size() + 1);
  std::vector<std::size_t> row(right.size() + 1);
  for (std::size_t i = 0; i <= right.size(); ++i) last[i] = i;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      const bool swapped =
          i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, row);
  }
  return last[right.size()];
}

std::size_t allowed_edits(std::size_t length) {
  if (length < 6) return 1;
  return length < 14 ? 2 : 3;
}

struct Nearest {
  std::string_view key;
  std::size_t edits;
};

void look_in(std::span<const Setting> settings, std::string_view key, Nearest& nearest) {
  const auto words = words_of(key);
  for (const Setting& setting : settings) {
    if (setting.name.ends_with('*')) continue;  // a beginning, which many keys have
    if (have_same_words(words, words_of(setting.name)) || lacks_unit(key, setting.name)) {
      nearest = {setting.name, 0};
      return;
    }
    const std::size_t longer = std::max(key.size(), setting.name.size());
    if (longer - std::min(key.size(), setting.name.size()) >= nearest.edits) continue;
    const std::size_t edits = edits_between(key, setting.name);
    if (edits < nearest.edits) nearest = {setting.name, edits};
  }
}

}  // namespace

std::string_view nearest_broker_key(std::string_view key) {
  if (key.size() > kMaxLength) return {};
  Nearest nearest{{}, allowed_edits(key.size()) + 1};
  for (const auto settings :
       {broker_settings(), dynamic_only_settings(), dropped_settings(), pattern_settings()}) {
    if (nearest.edits > 0) look_in(settings, key, nearest);
  }
  return nearest.key;
}

}  // namespace odradek::config
