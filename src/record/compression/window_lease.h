// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace odradek::record::compression {

// What needs no more than this takes no lease.
inline constexpr std::size_t kSmallWindow = std::size_t{1} << 20;
inline constexpr std::size_t kMediumWindow = std::size_t{8} << 20;
// Leases of medium windows at once; of larger ones, there is one at a time.
inline constexpr std::ptrdiff_t kMediumLeases = 8;

// The right to use working memory of some size, in the whole process: many large windows at once
// wait for each other instead of adding up. A thread holds at most one lease and waits for nothing
// else while it does, so every wait ends. Threads: any; a lease dies where it was taken.
class WindowLease {
 public:
  WindowLease() = default;
  ~WindowLease() { release(); }
  WindowLease(const WindowLease&) = delete;
  WindowLease& operator=(const WindowLease&) = delete;

  // Waits for the right to `bytes`. What was held before is given back first.
  void take(std::size_t bytes);
  void release();
  bool is_held() const { return size_ != Size::kNone; }

 private:
  enum class Size { kNone, kMedium, kLarge };

  Size size_ = Size::kNone;
};

}  // namespace odradek::record::compression
