// SPDX-License-Identifier: Apache-2.0
#include "cli/storage/storage_command.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "cli/features/feature_levels.h"
#include "cli/flag_checks.h"
#include "cli/storage/storage_actions.h"
#include "cli/subcommands.h"
#include "env/linux/linux_world.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr std::array kFlags = {
    FlagSpec{"config", kRequired, "file", "The server.properties of the server.", 'c'},
    FlagSpec{"cluster-id", kRequired, "id", "The id that the whole cluster shares.", 't'},
    FlagSpec{"add-scram", kRequired, "mechanism=[...]",
             "Credentials that the cluster begins with: 'SCRAM-SHA-256=[name=alice,"
             "password=secret]', or with iterations=, salt= and saltedpassword= in base64; may be "
             "repeated.",
             'S', true},
    FlagSpec{"ignore-formatted", kNone, "", "Leave alone what is formatted already.", 'g'},
    FlagSpec{"release-version", kRequired, "release",
             "The release whose features are meant, as in 3.9 or 4.3-IV0.", 'r'},
    FlagSpec{"feature", kRequired, "feature=level", "The level of a feature; may be repeated.", 'f',
             true},
    FlagSpec{"standalone", kNone, "",
             "The only voter of a quorum that may grow; controller.quorum.voters is not set then.",
             's'},
    FlagSpec{"no-initial-controllers", kNone, "", "Will join a quorum that is there.", 'N'},
    FlagSpec{"initial-controllers", kRequired, "id@host:port:directory,...",
             "The voters that the quorum begins with.", 'I'},
};

constexpr std::array<std::string_view, 5> kVerbs = {"info", "format", "version-mapping",
                                                    "feature-dependencies", "random-uuid"};

constexpr std::string_view kExamples =
    "  odradek storage format -c server.properties -t $(odradek storage random-uuid)\n"
    "  odradek storage info -c server.properties\n"
    "  odradek storage version-mapping --release-version 4.0\n"
    "  kafka-storage format -c server.properties -t JEXY6aqzQY-32P5TStzaFg --standalone\n";

const std::vector<Subcommand>& subcommands() {
  static const std::vector<Subcommand> kSubcommands = {
      {"info", {"config"}, {}},
      {"format",
       {"cluster-id", "config"},
       {"add-scram", "ignore-formatted", "release-version", "feature", "standalone",
        "no-initial-controllers", "initial-controllers"}},
      {"version-mapping", {}, {"release-version"}},
      {"feature-dependencies", {"feature"}, {}},
      {"random-uuid", {}, {}},
  };
  return kSubcommands;
}

// At most one of the flags that say who votes.
base::Result<> check_quorum(const Invocation& invocation) {
  constexpr std::array<std::string_view, 3> kQuorum = {"standalone", "no-initial-controllers",
                                                       "initial-controllers"};
  std::string_view first;
  for (const std::string& name : invocation.flags.names()) {
    if (std::ranges::find(kQuorum, name) == kQuorum.end()) continue;
    if (!first.empty() && first != name) {
      return misuse(fmt::format("argument {}: not allowed with argument {}",
                                flag_title(invocation, name), flag_title(invocation, first)));
    }
    first = name;
  }
  return {};
}

// Words of its own: kafka-features has others for the same.
base::Result<std::vector<FeatureLevel>> asked_levels(const Flags& flags) {
  std::vector<FeatureLevel> levels;
  for (const std::string& text : flags.values("feature")) {
    const auto equals = text.find('=');
    if (equals == std::string::npos) {
      return misuse(
          fmt::format("Invalid feature format: {}. Expected format: 'feature=version' "
                      "(e.g. 'group.version=1')",
                      text));
    }
    auto level = parse_feature_level(text);
    if (!level) {
      return misuse(fmt::format("Invalid version format: {} for feature {}",
                                text.substr(equals + 1), text.substr(0, equals)));
    }
    const auto* feature = metadata::find_feature(level->name);
    if (feature != nullptr && feature->find(level->level) == nullptr) {
      return misuse(fmt::format("Feature level {} is not supported for feature {}", level->level,
                                level->name));
    }
    levels.push_back(*std::move(level));
  }
  return levels;
}

base::Result<config::Settings> load_settings(const Flags& flags, env::World& world) {
  const std::string path = flags.value_or("config", "");
  auto text = world.disk().read_file(path);
  if (!text) return base::fail(std::move(text));
  return config::Settings::parse(path, *text, {});
}

void print_uuid(const Invocation& invocation, env::Random& random) {
  while (true) {
    const std::uint64_t high = random.next();
    const auto id = base::Uuid::from_random(high, random.next()).to_string();
    // Tools take a leading dash for a flag.
    if (id.starts_with('-')) continue;
    if (invocation.is_native) {
      Output(invocation.output).print(Message{.text = id, .fields = {{"uuid", id}}});
    } else {
      fmt::print("{}\n", id);
    }
    return;
  }
}

// The result is whether all is well.
base::Result<bool> act(const Invocation& invocation, std::string_view subcommand) {
  env::LinuxWorld world({.loop_count = 1, .worker_threads = 1});
  base::Result<> done;
  if (subcommand == "random-uuid") {
    print_uuid(invocation, world.random());
  } else if (subcommand == "version-mapping") {
    done = print_version_mapping(invocation);
  } else if (subcommand == "feature-dependencies") {
    auto levels = asked_levels(invocation.flags);
    if (!levels) return base::fail(std::move(levels));
    done = print_dependencies(invocation, *levels);
  } else {
    auto settings = load_settings(invocation.flags, world);
    if (!settings) return base::fail(std::move(settings));
    if (subcommand == "info") {
      return print_storage_info(invocation, world, storage_directories(*settings));
    }
    auto plan = plan_format(*settings, invocation.flags, world.random());
    if (!plan) return base::fail(std::move(plan));
    done = format_storage(invocation, world, *plan);
  }
  if (!done) return base::fail(std::move(done));
  return true;
}

int run_storage(const Invocation& invocation) {
  const auto subcommand = chosen_subcommand(invocation, subcommands(), {});
  if (!subcommand) return argparse_error(invocation, subcommand.error().message);
  if (auto ok = check_quorum(invocation); !ok) {
    return argparse_error(invocation, ok.error().message);
  }
  const auto done = act(invocation, *subcommand);
  if (!done) return terse_failure(invocation, done.error().message);
  return *done ? 0 : 1;
}

}  // namespace

Command storage_command() {
  return {.name = "storage",
          .script_name = "kafka-storage",
          .summary = "Format the directories of a server, and see what they hold.",
          .verbs = kVerbs,
          .subject = "",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_storage,
          .section = Section::kServer,
          .prints_data = true,
          .refuse = argparse_error,
          .has_subcommands = true};
}

}  // namespace odradek::cli
