// SPDX-License-Identifier: Apache-2.0
#include "cli/perf/metrics_text.h"

#include <fmt/core.h>

#include <algorithm>

#include "cli/perf/java_number.h"

namespace odradek::cli {

void print_java_metrics(const std::map<std::string, double>& metrics,
                        const std::string& client_id) {
  const auto name_of = [&](std::string_view name) {
    return fmt::format("{}:{{client-id={}}}", name, client_id);
  };
  std::size_t width = 0;
  for (const auto& [name, value] : metrics) width = std::max(width, name_of(name).size());
  fmt::print("\n{:<{}}   {}\n", "Metric Name", width, "Value");
  for (const auto& [name, value] : metrics) {
    fmt::print("{:<{}} : {}\n", name_of(name), width, java_fixed(value, 3));
  }
}

Object metrics_object(const std::map<std::string, double>& metrics) {
  Object object;
  for (const auto& [name, value] : metrics) object.emplace_back(name, value);
  return object;
}

}  // namespace odradek::cli
