// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/result.h"
#include "cli/command.h"
#include "cli/output/value.h"
#include "cli/reassign/reassignments.h"

// What `odradek reassign` does, one function a verb, and what these share.
namespace odradek::cli {

class Admin;

namespace reassign {

// What runs.
[[nodiscard]] base::Result<> list(const Invocation& invocation, Admin& admin);
// How far a plan is; once it is carried out its throttles are taken back.
[[nodiscard]] base::Result<> verify(const Invocation& invocation, Admin& admin);
[[nodiscard]] base::Result<> execute(const Invocation& invocation, Admin& admin);
[[nodiscard]] base::Result<> cancel(const Invocation& invocation, Admin& admin);
// A plan for other brokers.
[[nodiscard]] base::Result<> generate(const Invocation& invocation, Admin& admin);

bool is_json(const Invocation& invocation);
[[nodiscard]] base::Result<std::string> read(const std::string& path);
// What --reassignment-json-file says.
[[nodiscard]] base::Result<Plan> plan_of(const Flags& flags);
std::set<std::string> topics_of(const Assignment& assignment);
Value ids_of(const Replicas& replicas);
// As the files of this tool have it, without log directories.
Value as_value(const Assignment& assignment);
// As Kafka's tool ends: throttles that an execution set are taken back.
[[nodiscard]] base::Result<> clear_throttles(const Invocation& invocation, Admin& admin,
                                             const Assignment& target);

}  // namespace reassign
}  // namespace odradek::cli
