// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace odradek::config {

// The key of the broker's file that an unknown one was probably meant for: it differs in few
// letters (transposed ones count once), in the order of its words, in their separators or case, or
// lacks its unit. Empty when none is near.
std::string_view nearest_broker_key(std::string_view key);

}  // namespace odradek::config
