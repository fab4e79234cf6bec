// SPDX-License-Identifier: Apache-2.0
#include "log/directory/clean_shutdown_file.h"

#include <fmt/core.h>

#include <charconv>

namespace odradek::log::directory {

std::string format_clean_shutdown(std::int64_t broker_epoch) {
  return fmt::format(R"({{"version":0,"brokerEpoch":{}}})", broker_epoch);
}

std::int64_t parse_clean_shutdown_epoch(std::string_view text) {
  constexpr std::string_view kKey = "\"brokerEpoch\"";
  std::size_t at = text.find(kKey);
  if (at == std::string_view::npos) return -1;
  at = text.find_first_not_of(" \t\r\n:", at + kKey.size());
  if (at == std::string_view::npos) return -1;
  std::int64_t epoch = -1;
  const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), epoch);
  return error == std::errc() ? epoch : -1;
}

}  // namespace odradek::log::directory
