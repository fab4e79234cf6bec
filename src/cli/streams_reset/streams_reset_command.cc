// SPDX-License-Identifier: Apache-2.0
#include "cli/streams_reset/streams_reset_command.h"

#include <fmt/core.h>

#include <array>

#include "cli/flag_checks.h"
#include "cli/help.h"
#include "cli/streams_reset/streams_reset.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr env::Duration kTimeout = std::chrono::seconds(60);

constexpr std::array kFlags = {
    FlagSpec{"bootstrap-server", kRequired, "host:port,...",
             "The servers to connect to (localhost:9092).", 'b'},
    FlagSpec{"bootstrap-servers", kRequired, "host:port,...", "", '\0', false, "bootstrap-server"},
    FlagSpec{"application-id", kRequired, "id", "The application.id of the Kafka Streams program."},
    FlagSpec{
        "input-topics", kRequired, "topic,...",
        "The topics it reads: their offsets go to the beginning, or to where another flag says.",
        '\0', true},
    FlagSpec{"intermediate-topics", kRequired, "topic,...",
             "Topics it writes and reads: their offsets go to the end.", '\0', true},
    FlagSpec{"internal-topics", kRequired, "topic,...", "Delete only these of its internal topics.",
             '\0', true},
    FlagSpec{"to-offset", kRequired, "number", "Reset to this offset."},
    FlagSpec{"to-datetime", kRequired, "time", "Reset to YYYY-MM-DDThh:mm:ss.sss."},
    FlagSpec{"by-duration", kRequired, "PnDTnHnMnS", "Reset to so long ago."},
    FlagSpec{"to-earliest", kNone, "", "Reset to the beginning."},
    FlagSpec{"to-latest", kNone, "", "Reset to the end."},
    FlagSpec{"from-file", kRequired, "file", "Reset as lines of topic,partition,offset say."},
    FlagSpec{"shift-by", kRequired, "number", "Move the offset by so many, back where negative."},
    FlagSpec{"command-config", kRequired, "file",
             "A properties file with settings for the connection."},
    FlagSpec{"config-file", kRequired, "file", "", '\0', false, "command-config"},
    FlagSpec{"force", kNone, "", "Remove members that are left of the application's group."},
    FlagSpec{"dry-run", kNone, "", "Print what would be done, and do nothing."},
    FlagSpec{"zookeeper", kRequired, "host:port,...", ""},
};

constexpr std::string_view kExamples =
    "  odradek streams-reset my-app --input-topics orders --dry-run\n"
    "  kafka-streams-application-reset --bootstrap-server 127.0.0.1:9092 --application-id my-app "
    "\\\n"
    "      --input-topics orders --to-datetime 2026-11-21T00:00:00.000\n";

base::Result<> check(const Invocation& invocation) {
  const Flags& flags = invocation.flags;
  if (!flags.has("application-id")) return misuse("Missing required option(s) [application-id]");
  for (const std::string_view flag : {"to-offset", "shift-by"}) {
    auto number = flags.number(flag);
    // Kafka's tool looks at the value when it comes to it.
    if (!number && invocation.is_native) return base::fail(std::move(number));
  }
  constexpr std::array<std::string_view, 7> kPlaces = {"to-offset",   "to-datetime", "by-duration",
                                                       "to-earliest", "to-latest",   "from-file",
                                                       "shift-by"};
  for (const std::string_view place : kPlaces) {
    if (auto ok = exclude(flags, place, kPlaces); !ok) return ok;
  }
  return {};
}

int run_streams_reset(const Invocation& invocation) {
  if (auto ok = check(invocation); !ok) return usage_error(invocation, ok.error().message);
  auto admin = Admin::connect(invocation, kTimeout);
  if (!admin) return failure(invocation, admin.error().message);
  const auto done = reset_application(invocation, **admin);
  if (done) return *done;
  std::fflush(stdout);
  if (invocation.is_native) return failure(invocation, done.error().message);
  fmt::print(stderr, "ERROR: {}\n", done.error().message);
  return 1;
}

}  // namespace

Command streams_reset_command() {
  return {.name = "streams-reset",
          .script_name = "kafka-streams-application-reset",
          .summary = "Take a Kafka Streams application back to where it began.",
          .verbs = {},
          .subject = "application-id",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_streams_reset,
          .section = Section::kGroups,
          .prints_data = true};
}

}  // namespace odradek::cli
