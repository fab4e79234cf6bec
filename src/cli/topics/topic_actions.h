// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/admin/admin.h"
#include "cli/command.h"
#include "cli/topics/topic_description.h"

// What kafka-topics does and prints, one function an action. REQUIRES: flags that topics_command
// checked.
namespace odradek::cli {

[[nodiscard]] base::Result<> create_topic(const Invocation& invocation, Admin& admin);
[[nodiscard]] base::Result<> alter_topics(const Invocation& invocation, Admin& admin);
[[nodiscard]] base::Result<> delete_topics(const Invocation& invocation, Admin& admin);
[[nodiscard]] base::Result<> print_topics(const Invocation& invocation, Admin& admin);
[[nodiscard]] base::Result<> print_descriptions(const Invocation& invocation, Admin& admin);

// The topics that --topic and --exclude-internal choose, by name. An error where --topic chooses
// none and `must_exist`.
[[nodiscard]] base::Result<std::vector<TopicName>> chosen_topics(const Flags& flags, Admin& admin,
                                                                 bool must_exist);
[[nodiscard]] base::Result<std::vector<std::string>> chosen_topic_names(const Flags& flags,
                                                                        Admin& admin,
                                                                        bool must_exist);

// "1:2,2:3" as the brokers of each partition. INVALID_REPLICA_ASSIGNMENT says what is wrong.
[[nodiscard]] base::Result<std::vector<std::vector<base::BrokerId>>> parse_replica_assignment(
    std::string_view text);

}  // namespace odradek::cli
