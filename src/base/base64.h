// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

// RFC 4648, the standard alphabet.
namespace odradek::base {

std::string encode_base64(ByteView bytes);
// Padding may be missing, as Java's decoder has it. Nothing for what is no base64.
std::optional<std::vector<std::uint8_t>> decode_base64(std::string_view text);

}  // namespace odradek::base
