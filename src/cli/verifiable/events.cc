// SPDX-License-Identifier: Apache-2.0
#include "cli/verifiable/events.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <utility>

namespace odradek::cli {

void Events::print(std::string_view name, Object more) {
  Object event = {{"timestamp", clock_.wall().value()}, {"name", name}};
  std::ranges::move(more, std::back_inserter(event));
  fmt::print("{}\n", to_json(event, JsonLayout::kOneLine));
  std::fflush(stdout);
}

}  // namespace odradek::cli
