// SPDX-License-Identifier: Apache-2.0
#include "cli/output/progress.h"

#include <fmt/core.h>

#include <cstdio>
#include <utility>

#include "cli/command.h"
#include "env/linux/terminal.h"

namespace odradek::cli {
namespace {

constexpr env::Duration kFirstAfter = std::chrono::milliseconds(400);
constexpr env::Duration kBetween = std::chrono::milliseconds(100);
constexpr std::string_view kClearLine = "\r\033[K";

}  // namespace

Progress::Progress(const Invocation& invocation, const env::Clock& clock, std::string what,
                   std::optional<std::uint64_t> total)
    : Progress(invocation.is_native && env::stderr_is_terminal(), clock, std::move(what), total) {}

Progress::Progress(bool is_shown, const env::Clock& clock, std::string what,
                   std::optional<std::uint64_t> total)
    : is_shown_(is_shown),
      clock_(clock),
      what_(std::move(what)),
      total_(total),
      began_(clock.monotonic()),
      next_draw_(began_ + kFirstAfter) {}

Progress::~Progress() { hide(); }

void Progress::advance(std::uint64_t by) {
  done_ += by;
  if (is_shown_ && clock_.monotonic() >= next_draw_) draw();
}

void Progress::draw() {
  next_draw_ = clock_.monotonic() + kBetween;
  is_drawn_ = true;
  fmt::print(stderr, "{}{}", kClearLine, text());
  std::fflush(stderr);
}

void Progress::hide() {
  if (!std::exchange(is_drawn_, false)) return;
  fmt::print(stderr, "{}", kClearLine);
  std::fflush(stderr);
}

std::string Progress::text() const {
  const double seconds = std::chrono::duration<double>(clock_.monotonic() - began_).count();
  const double rate = seconds > 0 ? static_cast<double>(done_) / seconds : 0;
  std::string text = fmt::format("{} {}", what_, done_);
  if (total_) {
    text += fmt::format("/{}", *total_);
    if (*total_ > 0) text += fmt::format(", {} %", done_ * 100 / *total_);
  }
  text += fmt::format(", {:.0f}/s", rate);
  if (total_ && rate > 0 && done_ < *total_) {
    text += fmt::format(", {:.0f} s left", static_cast<double>(*total_ - done_) / rate);
  }
  return text;
}

}  // namespace odradek::cli
