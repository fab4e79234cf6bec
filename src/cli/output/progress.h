// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "env/clock.h"

namespace odradek::cli {

struct Invocation;

// How far long work is, as one line on standard error that it draws over and takes away at the end:
// only under our own names and on a terminal, and only once the work has taken a while, so that a
// caller need not ask whether it is worth it. Threads: one.
//
//   Progress progress(invocation, admin.world().clock(), "deleting topics", names.size());
//   for (...) { ...; progress.advance(); }
class Progress {
 public:
  // `total` in the same unit as advance(); nothing where nobody knows.
  Progress(const Invocation& invocation, const env::Clock& clock, std::string what,
           std::optional<std::uint64_t> total);
  // With a terminal or without, for tests.
  Progress(bool is_shown, const env::Clock& clock, std::string what,
           std::optional<std::uint64_t> total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(std::uint64_t by = 1);
  // Takes the line away until the next advance(), for who prints something else.
  void hide();

  // "deleting topics 340/1000, 34 %, 120/s, 5 s left"
  std::string text() const;

 private:
  void draw();

  const bool is_shown_;
  const env::Clock& clock_;
  const std::string what_;
  const std::optional<std::uint64_t> total_;
  const env::MonotonicTime began_;
  env::MonotonicTime next_draw_;
  std::uint64_t done_ = 0;
  bool is_drawn_ = false;
};

}  // namespace odradek::cli
