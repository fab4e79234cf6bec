// SPDX-License-Identifier: Apache-2.0
#include "cli/cluster/api_versions_command.h"

#include <fmt/core.h>

#include <array>

#include "cli/admin/admin.h"
#include "cli/admin/connection_flags.h"
#include "cli/cluster/api_version_texts.h"
#include "cli/flag_checks.h"
#include "cli/help.h"

namespace odradek::cli {
namespace {

constexpr std::array kFlags = {kBootstrapServerFlag, kCommandConfigFlag};
constexpr std::string_view kExamples =
    "  odradek api-versions\n"
    "  odradek api-versions --output json\n"
    "  kafka-broker-api-versions --bootstrap-server 127.0.0.1:9092\n";

int run_api_versions(const Invocation& invocation) {
  constexpr std::chrono::seconds kTimeout(60);
  if (!invocation.is_native) {
    if (auto ok = require(invocation.flags, {"bootstrap-server"}); !ok) {
      return usage_error(invocation, ok.error().message);
    }
  }
  auto admin = Admin::connect(invocation, kTimeout);
  const auto done = admin ? print_api_versions(invocation, **admin)
                          : base::Result<>(base::fail(std::move(admin)));
  if (done) return 0;
  if (invocation.is_native) return failure(invocation, done.error().message);
  fmt::print(stderr, "{}\n", done.error().message);
  return 1;
}

}  // namespace

Command api_versions_command() {
  return {.name = "api-versions",
          .script_name = "kafka-broker-api-versions",
          .summary = "Show which versions of the protocol's APIs the brokers speak.",
          .verbs = {},
          .subject = "",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_api_versions,
          .section = Section::kCluster,
          .prints_data = true,
          .explanation = "This tool helps to retrieve broker version information."};
}

}  // namespace odradek::cli
