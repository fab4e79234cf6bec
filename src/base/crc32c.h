// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace odradek::base {

// CRC-32C (Castagnoli) of `bytes`, as record batches carry it; `previous` continues an earlier
// result.
std::uint32_t crc32c(ByteView bytes, std::uint32_t previous = 0);

}  // namespace odradek::base
