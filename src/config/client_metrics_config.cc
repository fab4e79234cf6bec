// SPDX-License-Identifier: Apache-2.0
// With sanitizers g++ 12 sees uninitialised members in std::regex where there are none.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "config/client_metrics_config.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <regex>
#include <string>

#include "config/table.h"
#include "config/value.h"

namespace odradek::config {
namespace {

using base::ErrorCode;

constexpr std::string_view kSelectors[] = {
    "client_id",
    "client_instance_id",
    "client_software_name",
    "client_software_version",
    "client_source_address",
    "client_source_port",
};

constexpr std::int64_t kMinIntervalMs = 100;
constexpr std::int64_t kMaxIntervalMs = 3'600'000;

base::Result<> check_interval(std::string_view value) {
  value = trim(value);
  std::int64_t interval_ms = 0;
  std::from_chars(value.data(), value.data() + value.size(), interval_ms);
  if (interval_ms >= kMinIntervalMs && interval_ms <= kMaxIntervalMs) return {};
  return base::fail(ErrorCode::kInvalidRequest,
                    fmt::format("Invalid value {} for interval.ms, interval must be between {} and "
                                "{} (1 hour)",
                                interval_ms, kMinIntervalMs, kMaxIntervalMs));
}

bool is_expression(std::string_view text) {
  try {
    const std::regex compiled{std::string(text)};
    return true;
  } catch (const std::regex_error&) {
    return false;
  }
}

// selector=regular expression
bool is_pattern(std::string_view pattern) {
  const auto equals = pattern.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view expression = pattern.substr(equals + 1);
  if (expression.empty() || expression.find('=') != std::string_view::npos) return false;
  const auto* selector = std::ranges::find(kSelectors, trim(pattern.substr(0, equals)));
  return selector != std::end(kSelectors) && is_expression(trim(expression));
}

base::Result<> check_match(std::string_view value) {
  for (const std::string& pattern : split_list(value)) {
    if (is_pattern(pattern)) continue;
    return base::fail(ErrorCode::kInvalidConfig,
                      fmt::format("Illegal client matching pattern: {}", pattern));
  }
  return {};
}

}  // namespace

base::Result<> check_client_metrics_config(const SettingValues& overrides) {
  for (const auto& [key, value] : overrides) {
    const Setting* setting = find_setting(Scope::kClientMetrics, key);
    if (setting == nullptr) {
      return base::fail(ErrorCode::kInvalidRequest,
                        fmt::format("Unknown client metrics configuration: {}", key));
    }
    if (auto valid = check_value(*setting, value); !valid) return valid;
  }
  if (const auto found = overrides.find("interval.ms"); found != overrides.end()) {
    if (auto valid = check_interval(found->second); !valid) return valid;
  }
  const auto match = overrides.find("match");
  return match == overrides.end() ? base::Result<>() : check_match(match->second);
}

}  // namespace odradek::config
