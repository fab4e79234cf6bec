// SPDX-License-Identifier: Apache-2.0
#include "cli/kafka/sticky_partition.h"

namespace odradek::cli {

void StickyPartition::change() {
  bytes_ = 0;
  if (partitions_ <= 1) {
    partition_ = 0;
    return;
  }
  state_ = state_ * 6364136223846793005U + 1442695040888963407U;
  const auto random = static_cast<std::int32_t>((state_ >> 33U) % 0x7fffffffU);
  // Another one than before, each of them as likely.
  partition_ = partition_ < 0 ? random % partitions_
                              : (partition_ + 1 + random % (partitions_ - 1)) % partitions_;
}

}  // namespace odradek::cli
