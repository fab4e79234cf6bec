// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/config_change.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace odradek::metadata {
namespace {

// As Java splits: empty elements stay, but not at the end; of nothing there is one.
std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> elements;
  const bool is_empty = text.empty();
  while (true) {
    const auto comma = text.find(',');
    elements.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  while (!is_empty && !elements.empty() && elements.back().empty()) elements.pop_back();
  return elements;
}

std::vector<std::string> elements_of(std::string_view list) {
  auto elements = split(list);
  std::erase(elements, "");
  return elements;
}

}  // namespace

std::string append_to_list(std::string_view list, std::string_view more) {
  auto elements = elements_of(list);
  for (std::string& element : split(more)) {
    if (std::ranges::find(elements, element) == elements.end()) {
      elements.push_back(std::move(element));
    }
  }
  return fmt::format("{}", fmt::join(elements, ","));
}

std::string subtract_from_list(std::string_view list, std::string_view less) {
  auto elements = elements_of(list);
  for (const std::string& element : split(less)) {
    const auto found = std::ranges::find(elements, element);
    if (found != elements.end()) elements.erase(found);
  }
  return fmt::format("{}", fmt::join(elements, ","));
}

}  // namespace odradek::metadata
