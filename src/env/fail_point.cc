// SPDX-License-Identifier: Apache-2.0
#include "env/fail_point.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <string>

namespace odradek::env {
namespace {

constexpr auto kNames = std::to_array<std::string_view>({
    "append.placed",     "write.done",         "flush.begun",       "flush.done",
    "segment.created",   "segment.completing", "segment.completed", "snapshot.written",
    "epochs.written",    "file.written",       "file.renamed",      "recovery.cut",
    "recovery.done",     "partition.created",  "partition.removed", "swap.renaming",
    "swap.begun",        "swap.alone",         "move.promoted",     "move.left",
    "metadata.appended", "metadata.flushed",   "metadata.snapshot", "stop.checkpointed",
    "stop.marked",       "start.unmarked",
});
static_assert(kNames.size() == static_cast<std::size_t>(FailPoint::kStartUnmarked) + 1);

// How often each point is still reached before it ends the process; 0: it does not.
std::array<std::atomic<std::int64_t>, kNames.size()> left;

base::Result<> arm_one(std::string_view text) {
  const std::size_t colon = text.find(':');
  const auto name = std::ranges::find(kNames, text.substr(0, colon));
  if (name == kNames.end()) {
    std::string known;
    for (const std::string_view one : kNames) known += fmt::format(" {}", one);
    return base::fail(base::ErrorCode::kInvalidConfig,
                      fmt::format("no fail point is called '{}'; there are:{}", text, known));
  }
  std::int64_t count = 1;
  if (colon != std::string_view::npos) {
    const char* const end = text.data() + text.size();
    const auto [parsed, error] = std::from_chars(text.data() + colon + 1, end, count);
    if (error != std::errc() || parsed != end || count < 1) {
      return base::fail(base::ErrorCode::kInvalidConfig,
                        fmt::format("fail point '{}': its count must be a number from 1 on", text));
    }
  }
  left[static_cast<std::size_t>(name - kNames.begin())] = count;
  fail_points::are_armed = true;
  return {};
}

}  // namespace

namespace fail_points {

std::atomic<bool> are_armed = false;

void reached(FailPoint point) {
  const auto index = static_cast<std::size_t>(point);
  // From 1 to 0 is the call that was asked for; below 0 it was another one, or nobody's.
  if (left[index].fetch_sub(1) != 1) return;
  const std::string words = fmt::format("fail point {} ends the process\n", kNames[index]);
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, words.data(), words.size());
  ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();
}

}  // namespace fail_points

base::Result<> arm_fail_points(std::string_view text) {
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (auto armed = arm_one(text.substr(0, comma)); !armed) return armed;
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return {};
}

}  // namespace odradek::env
