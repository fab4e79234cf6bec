// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/admin/admin.h"
#include "cli/flags.h"

// What kafka-topics does, one function an action. REQUIRES: flags that topics_command checked.
namespace odradek::cli {

[[nodiscard]] base::Result<> create_topic(const Flags& flags, Admin& admin);
[[nodiscard]] base::Result<> alter_topics(const Flags& flags, Admin& admin);
[[nodiscard]] base::Result<> delete_topics(const Flags& flags, Admin& admin);
[[nodiscard]] base::Result<> print_topics(const Flags& flags, Admin& admin);
[[nodiscard]] base::Result<> print_descriptions(const Flags& flags, Admin& admin);

// The names that --topic and --exclude-internal choose, sorted. An error where --topic chooses none
// and `must_exist`.
[[nodiscard]] base::Result<std::vector<std::string>> chosen_topics(const Flags& flags, Admin& admin,
                                                                   bool must_exist);

// "1:2,2:3" as the brokers of each partition. INVALID_REPLICA_ASSIGNMENT says what is wrong.
[[nodiscard]] base::Result<std::vector<std::vector<base::BrokerId>>> parse_replica_assignment(
    std::string_view text);

}  // namespace odradek::cli
