// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>

#include "base/error_code.h"
#include "coordinator/group/group.h"

namespace odradek::coordinator::group {

// Whether the caller is the member that it says: NONE, UNKNOWN_MEMBER_ID, or FENCED_INSTANCE_ID
// where its instance id belongs to another member by now.
base::ErrorCode check_member(const Group& group, const std::string& member_id,
                             const std::optional<std::string>& instance_id);

// Topics that the members of a group of consumers subscribe to, read from their metadata in the
// version that all have in common; nothing for another kind of group, or for metadata that can't be
// read.
std::optional<std::set<std::string>> subscribed_topics(const Group& group);

inline constexpr const char* kConsumerProtocolType = "consumer";

}  // namespace odradek::coordinator::group
