// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/acls/acl_elements.h"
#include "cli/flags.h"

// What the flags of kafka-acls ask for. Errors are in Kafka's words: INVALID_REQUEST where its tool
// shows its usage, other codes where it does not.
namespace odradek::cli {

[[nodiscard]] base::Result<AclPatternType> asked_pattern_type(const Flags& flags);

// The resources that are named; none: all.
[[nodiscard]] base::Result<std::set<AclPattern>> asked_patterns(const Flags& flags);

// "User:alice"
[[nodiscard]] base::Result<std::set<std::string>> asked_principals(const Flags& flags,
                                                                   std::string_view flag);

// For each resource that is named what is to be added or removed; nothing: every entry.
[[nodiscard]] base::Result<Acls> asked_acls(const Flags& flags);
// The same, with what only an addition asks for: entries, and no pattern that may mean several.
[[nodiscard]] base::Result<Acls> asked_new_acls(const Flags& flags);

}  // namespace odradek::cli
