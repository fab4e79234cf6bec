// SPDX-License-Identifier: Apache-2.0
#include "cli/admin/time_text.h"

#include <ctime>

namespace odradek::cli {

std::string minute_text(std::int64_t time_ms) {
  const std::time_t seconds = time_ms / 1000;
  std::tm parts{};
  localtime_r(&seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M", &parts)};
}

}  // namespace odradek::cli
