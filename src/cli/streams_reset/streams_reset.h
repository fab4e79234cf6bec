// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/admin/admin.h"
#include "cli/command.h"

namespace odradek::cli {

// A comma-separated list of names.
std::vector<std::string> name_list(const Flags& flags, std::string_view flag);

// Moves the application's offsets and deletes its internal topics, as the flags say, and prints
// what it does in the words of Kafka's tool. Returns the exit code, 1 where a topic is missing; an
// error begins with the Java exception that Kafka's tool names.
[[nodiscard]] base::Result<int> reset_application(const Invocation& invocation, Admin& admin);

// Whether Kafka Streams names a topic of its own so: "…-changelog", "…-repartition" and what
// foreign-key joins have.
bool is_internal_streams_topic(std::string_view name);

}  // namespace odradek::cli
