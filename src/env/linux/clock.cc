// SPDX-License-Identifier: Apache-2.0
#include "env/linux/clock.h"

#include <sys/random.h>

#include <array>
#include <cerrno>

#include "base/assert.h"

namespace odradek::env {

MonotonicTime LinuxClock::monotonic() const { return std::chrono::steady_clock::now(); }

base::Timestamp LinuxClock::wall() const {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return base::Timestamp(
      std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count());
}

std::uint64_t LinuxRandom::next() {
  // 256 bytes: what the kernel always gives whole.
  struct Stock {
    std::array<std::uint64_t, 32> numbers;
    std::size_t left = 0;
  };
  thread_local Stock stock;
  if (stock.left == 0) {
    ssize_t got = 0;
    do {
      got = getrandom(stock.numbers.data(), sizeof(stock.numbers), 0);
    } while (got < 0 && errno == EINTR);
    ODRADEK_ASSERT(got == static_cast<ssize_t>(sizeof(stock.numbers)));
    stock.left = stock.numbers.size();
  }
  return stock.numbers[--stock.left];
}

}  // namespace odradek::env
