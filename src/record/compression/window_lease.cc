// SPDX-License-Identifier: Apache-2.0
#include "record/compression/window_lease.h"

#include <semaphore>
#include <utility>

namespace odradek::record::compression {
namespace {

std::counting_semaphore<kMediumLeases> medium_leases{kMediumLeases};
std::binary_semaphore large_lease{1};

}  // namespace

void WindowLease::take(std::size_t bytes) {
  release();
  if (bytes <= kSmallWindow) return;
  if (bytes <= kMediumWindow) {
    medium_leases.acquire();
    size_ = Size::kMedium;
  } else {
    large_lease.acquire();
    size_ = Size::kLarge;
  }
}

void WindowLease::release() {
  switch (std::exchange(size_, Size::kNone)) {
    case Size::kNone:
      break;
    case Size::kMedium:
      medium_leases.release();
      break;
    case Size::kLarge:
      large_lease.release();
      break;
  }
}

}  // namespace odradek::record::compression
