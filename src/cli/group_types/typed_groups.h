// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "cli/command.h"

// What kafka-share-groups and kafka-streams-groups have in common: all but the words and the checks
// of their flags.
namespace odradek::cli {

struct GroupKind {
  std::string_view type;                     // "Share", as ListGroups has it
  std::string_view name;                     // "share"
  std::string_view not_one;                  // "is not a share group.", after "Group 'x' "
  std::span<const std::string_view> states;  // in the order in which Kafka lists them
  int failure_exit_code;                     // of Kafka's tool, once its flags are right
};

// Does what the flags ask for and returns the exit code. REQUIRES: they were checked; there is
// exactly one of list, describe, delete, reset-offsets and delete-offsets.
int run_typed_groups(const Invocation& invocation, const GroupKind& kind);

// The checks that both have: of flags that only go with some action, and of describe.
[[nodiscard]] base::Result<> check_typed_groups(const Flags& flags);
[[nodiscard]] base::Result<> check_typed_description(const Flags& flags);

}  // namespace odradek::cli
