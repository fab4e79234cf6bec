// SPDX-License-Identifier: Apache-2.0
#include "cli/features/features_command.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>

#include "cli/admin/admin.h"
#include "cli/admin/connection_flags.h"
#include "cli/admin/error_text.h"
#include "cli/features/feature_levels.h"
#include "cli/features/feature_updates.h"
#include "cli/flag_checks.h"
#include "cli/help.h"
#include "cli/subcommands.h"
#include "metadata/feature_versions.h"
#include "wire/messages/api_versions.h"

namespace odradek::cli {
namespace {

using enum Arity;

constexpr std::array kFlags = {
    kBootstrapServerFlag,
    kBootstrapControllerFlag,
    kCommandConfigFlag,
    FlagSpec{"node-id", kRequired, "id", "Ask this node."},
    FlagSpec{"feature", kRequired, "feature=level",
             "The feature and its level; to disable, the feature alone; may be repeated.", '\0',
             true},
    FlagSpec{"release-version", kRequired, "release",
             "Every feature as the release has it, as in 4.0."},
    FlagSpec{"metadata", kRequired, "release", ""},
    FlagSpec{"unsafe", kNone, "", "Even if metadata may be lost."},
    FlagSpec{"dry-run", kNone, "", "Say whether it can be done, and do nothing."},
};

constexpr std::array<std::string_view, 6> kVerbs = {
    "describe", "upgrade", "downgrade", "disable", "version-mapping", "feature-dependencies"};
constexpr std::array<std::string_view, 3> kCommon = {"bootstrap-server", "bootstrap-controller",
                                                     "command-config"};

constexpr std::string_view kExamples =
    "  odradek features describe\n"
    "  odradek features upgrade --release-version 4.3 --dry-run\n"
    "  odradek features version-mapping --release-version 3.9\n"
    "  kafka-features --bootstrap-server 127.0.0.1:9092 describe\n";

const std::vector<Subcommand>& subcommands() {
  static const std::vector<Subcommand> kSubcommands = {
      {"describe", {}, {"node-id"}},
      {"upgrade", {}, {"metadata", "release-version", "feature", "dry-run"}},
      {"downgrade", {}, {"metadata", "release-version", "feature", "dry-run", "unsafe"}},
      {"disable", {}, {"feature", "dry-run", "unsafe"}},
      {"version-mapping", {}, {"release-version"}},
      {"feature-dependencies", {"feature"}, {}},
  };
  return kSubcommands;
}

std::string level_text(const std::string& feature, std::int16_t level) {
  if (feature != "metadata.version") return std::to_string(level);
  const auto* version = metadata::find_metadata_version(level);
  return version == nullptr ? fmt::format("UNKNOWN {}", level) : std::string(version->name);
}

struct FeatureState {
  std::int16_t least = 0, greatest = 0, finalized = 0;
};

void print_features(const Invocation& invocation,
                    const std::map<std::string, FeatureState>& features, std::int64_t epoch) {
  Table table{.columns = {{"feature"}, {"finalized"}, {"supported_from"}, {"supported_to"}},
              .rows = {}};
  for (const auto& [name, state] : features) {
    if (!invocation.is_native) {
      fmt::print(
          "Feature: {:<40}  SupportedMinVersion: {:<15}  SupportedMaxVersion: {:<15}  "
          "FinalizedVersionLevel: {:<15}  Epoch: {}\n",
          name, level_text(name, state.least), level_text(name, state.greatest),
          level_text(name, state.finalized), epoch < 0 ? "-" : std::to_string(epoch));
    }
    table.rows.push_back({name, level_text(name, state.finalized), level_text(name, state.least),
                          level_text(name, state.greatest)});
  }
  if (!invocation.is_native) return;
  Output(invocation.output)
      .print(Document{.facts = {{"epoch", epoch}}, .tables = {{"features", std::move(table)}}});
}

base::Result<> describe(const Invocation& invocation, Admin& admin) {
  std::optional<std::int32_t> node;
  if (invocation.flags.has("node-id")) {
    auto id = integer_of(invocation, "node-id");
    if (!id) return base::fail(std::move(id));
    if (*id < 0) {
      return misuse(fmt::format("Invalid node id {}: must be non-negative.", *id));
    }
    node = *id;
  }
  wire::ApiVersionsRequest request;
  request.client_software_name = "odradek";
  request.client_software_version = "1";
  auto answer = node ? admin.ask<wire::ApiVersionsResponse>(base::BrokerId(*node), request)
                     : admin.ask<wire::ApiVersionsResponse>(request);
  if (!answer) return base::fail(std::move(answer));
  if (answer->error_code != base::ErrorCode::kNone) {
    return base::fail(answer->error_code, error_text(answer->error_code, {}));
  }
  std::map<std::string, FeatureState> features;
  for (const auto& feature : answer->supported_features) {
    features[feature.name] = {feature.min_version, feature.max_version, 0};
  }
  for (const auto& feature : answer->finalized_features) {
    if (features.contains(feature.name)) {
      features[feature.name].finalized = feature.max_version_level;
    }
  }
  print_features(invocation, features, answer->finalized_features_epoch);
  return {};
}

base::Result<> ask_server(const Invocation& invocation, std::string_view subcommand) {
  constexpr std::chrono::seconds kTimeout(60);
  auto admin = Admin::connect(invocation, kTimeout, "describeFeatures");
  if (!admin) return base::fail(std::move(admin));
  if (subcommand == "describe") return describe(invocation, **admin);
  auto asked = asked_updates(invocation, subcommand);
  if (!asked) return base::fail(std::move(asked));
  return update_features(invocation, **admin, *asked);
}

base::Result<> act(const Invocation& invocation, std::string_view subcommand) {
  if (subcommand == "version-mapping") return print_version_mapping(invocation);
  if (subcommand != "feature-dependencies") return ask_server(invocation, subcommand);
  std::vector<FeatureLevel> levels;
  for (const std::string& text : invocation.flags.values("feature")) {
    auto level = parse_feature_level(text);
    if (!level) return base::fail(std::move(level));
    levels.push_back(*std::move(level));
  }
  return print_dependencies(invocation, levels);
}

int refuse_features(const Invocation& invocation, std::string_view message) {
  const std::string text = in_argparse_words(invocation, message);
  if (invocation.is_native) return usage_error(invocation, text);
  fmt::print(stderr, "Command line error: {}. Type --help for help.\n", text);
  return 1;
}

base::Result<std::string_view> check(const Invocation& invocation) {
  auto subcommand = chosen_subcommand(invocation, subcommands(), kCommon);
  if (!subcommand) return subcommand;
  const Flags& flags = invocation.flags;
  if (flags.has("node-id")) {
    if (auto id = integer_of(invocation, "node-id"); !id) return base::fail(std::move(id));
  }
  const bool is_local = *subcommand == "version-mapping" || *subcommand == "feature-dependencies";
  if (!is_local && !invocation.is_native && count_given(flags, kCommon) == 0) {
    return misuse("You must specify either --bootstrap-controller or --bootstrap-server.");
  }
  return subcommand;
}

int run_features(const Invocation& invocation) {
  const auto subcommand = check(invocation);
  if (!subcommand) return refuse_features(invocation, subcommand.error().message);
  const auto done = act(invocation, *subcommand);
  return done ? 0 : terse_failure(invocation, done.error().message);
}

}  // namespace

Command features_command() {
  return {.name = "features",
          .script_name = "kafka-features",
          .summary = "Show the features of the cluster and their levels, and change them.",
          .verbs = kVerbs,
          .subject = "",
          .flags = kFlags,
          .examples = kExamples,
          .run = run_features,
          .section = Section::kCluster,
          .prints_data = true,
          .refuse = refuse_features,
          .has_subcommands = true};
}

}  // namespace odradek::cli
