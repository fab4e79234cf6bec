// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/command.h"
#include "cli/flags.h"
#include "cli/groups/group_client.h"

// What kafka-consumer-groups prints, one function an action. REQUIRES: flags that groups_command
// checked.
namespace odradek::cli {

[[nodiscard]] base::Result<> print_group_list(const Invocation& invocation, Admin& admin);
[[nodiscard]] base::Result<> print_group_descriptions(const Invocation& invocation, Admin& admin);
// Print what could not be done; the result is whether all was.
[[nodiscard]] base::Result<bool> delete_groups(const Invocation& invocation, Admin& admin);
[[nodiscard]] base::Result<bool> delete_group_offsets(const Invocation& invocation, Admin& admin);
[[nodiscard]] base::Result<bool> reset_group_offsets(const Invocation& invocation, Admin& admin);

// --group, or every group with --all-groups.
[[nodiscard]] base::Result<std::vector<std::string>> chosen_groups(const Flags& flags,
                                                                   Admin& admin);

// "topic:0,1" as partitions; a topic alone as all of its partitions, of which it may have none. An
// INVALID_REQUEST names what is wrong.
[[nodiscard]] base::Result<std::vector<base::TopicPartition>> parse_topic_argument(
    const std::string& argument, const TopicTable& topics);

// "\nError: <message>" on standard output, as Kafka's tool says it.
void print_group_error(const std::string& message);

}  // namespace odradek::cli
