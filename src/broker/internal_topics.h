// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace odradek::broker {

inline constexpr std::string_view kGroupTopic = "__consumer_offsets";
inline constexpr std::string_view kTransactionTopic = "__transaction_state";
inline constexpr std::string_view kShareTopic = "__share_group_state";

// Topics that only the broker itself writes to.
constexpr bool is_internal_topic(std::string_view name) {
  return name == kGroupTopic || name == kTransactionTopic || name == kShareTopic;
}

}  // namespace odradek::broker
