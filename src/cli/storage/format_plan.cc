// SPDX-License-Identifier: Apache-2.0
#include "cli/storage/format_plan.h"

#include <fmt/core.h>

#include <algorithm>
#include <ranges>

#include "cli/features/feature_levels.h"
#include "cli/flag_checks.h"
#include "cli/storage/scram_arguments.h"
#include "config/value.h"

namespace odradek::cli {
namespace {

constexpr std::string_view kMetadataVersion = "metadata.version";
constexpr std::string_view kKraftVersion = "kraft.version";
constexpr std::int16_t kFirstWithScram = 11;

using Levels = std::map<std::string, std::int16_t>;

// The first of a comma-separated list.
std::string first_of(std::string_view list) {
  return std::string(config::trim(list.substr(0, list.find(','))));
}

bool has_static_voters(const config::Settings& settings) {
  // A node that is told nothing of roles is its own and only voter.
  return !settings.given_or("controller.quorum.voters", "").empty() ||
         settings.given_or("process.roles", "").empty();
}

// Where the voter of this node is met: its first listener for controllers.
base::Result<InitialVoters> voters_of_this_node(const config::Settings& settings,
                                                const FormatPlan& plan, env::Random& random) {
  if (settings.given_or("process.roles", "").find("controller") == std::string::npos) {
    return misuse("You can only use --standalone on a controller.");
  }
  for (const char* key : {"advertised.listeners", "listeners"}) {
    for (const auto range : std::views::split(settings.given_or(key, ""), ',')) {
      const std::string listener = first_of(std::string_view(range.begin(), range.end()));
      const auto scheme = listener.find("://");
      const auto port = listener.rfind(':');
      if (scheme == std::string::npos || listener.substr(0, scheme) != plan.listener) continue;
      std::string host = listener.substr(scheme + 3, port - scheme - 3);
      if (host.empty()) host = "localhost";
      const std::uint64_t high = random.next();
      return parse_voters(fmt::format("{}@{}:{}:{}", plan.node_id, host, listener.substr(port + 1),
                                      base::Uuid::from_random(high, random.next()).to_string()));
    }
  }
  return misuse("No controller listeners found.");
}

base::Result<> plan_voters(const config::Settings& settings, const Flags& flags, FormatPlan& plan,
                           env::Random& random) {
  const auto initial = flags.value("initial-controllers");
  const bool is_standalone = flags.has("standalone");
  const bool is_static = has_static_voters(settings);
  if (is_static && (initial || is_standalone)) {
    return misuse(
        "You cannot specify controller.quorum.voters and format the node with "
        "--initial-controllers or --standalone. If you want to use dynamic quorum, please remove "
        "controller.quorum.voters and specify controller.quorum.bootstrap.servers instead.");
  }
  if (initial || is_standalone) {
    auto voters = initial ? parse_voters(*initial) : voters_of_this_node(settings, plan, random);
    if (!voters) return base::fail(std::move(voters));
    plan.voters = *std::move(voters);
  }
  const bool is_controller =
      settings.given_or("process.roles", "").find("controller") != std::string::npos;
  if (!flags.has("no-initial-controllers") && is_controller && !is_static && !plan.voters) {
    return misuse(
        "Because controller.quorum.voters is not set on this controller, you must specify one of "
        "the following: --standalone, --initial-controllers, or --no-initial-controllers.");
  }
  return {};
}

base::Result<metadata::MetadataVersion> effective_version(const Flags& flags, const Levels& levels,
                                                          bool allows_unstable) {
  const auto release = flags.value("release-version");
  const auto level = levels.find(std::string(kMetadataVersion));
  if (level != levels.end() && release) {
    return misuse(
        "Use --release-version instead of --feature metadata.version=X to avoid ambiguity.");
  }
  if (release) return metadata::parse_metadata_version(*release, allows_unstable);
  if (level == levels.end()) {
    return *metadata::find_metadata_version(metadata::kDefaultMetadataVersion);
  }
  const auto* version = metadata::find_metadata_version(level->second);
  if (version == nullptr) return unknown_metadata_level(level->second);
  if (!allows_unstable && version->level > metadata::kDefaultMetadataVersion) {
    return misuse(fmt::format("metadata.version {} is not yet stable.", version->name));
  }
  return *version;
}

base::Result<std::int16_t> effective_kraft_level(const Levels& levels, bool is_dynamic) {
  const auto level = levels.find(std::string(kKraftVersion));
  if (level == levels.end()) return static_cast<std::int16_t>(is_dynamic ? 1 : 0);
  if (level->second == 0 && is_dynamic) {
    return misuse(
        "Cannot set kraft.version to 0 if controller.quorum.voters is empty and one of the flags "
        "--standalone, --initial-controllers, or --no-initial-controllers is used. For dynamic "
        "controllers support, try removing the --feature flag for kraft.version.");
  }
  if (level->second != 0 && !is_dynamic) {
    return misuse(fmt::format(
        "Cannot set kraft.version to {} unless controller.quorum.voters is empty and one of the "
        "flags --standalone, --initial-controllers, or --no-initial-controllers is used. For "
        "dynamic controllers support, try using one of --standalone, --initial-controllers, or "
        "--no-initial-controllers and removing controller.quorum.voters.",
        level->second));
  }
  return level->second;
}

base::Result<> check_known(const Levels& levels) {
  for (const auto& [name, level] : levels) {
    if (name == kMetadataVersion || metadata::find_feature(name) != nullptr) continue;
    std::set<std::string_view> known;
    for (const auto& feature : metadata::features()) known.insert(feature.name);
    std::string list;
    for (const std::string_view feature : known) {
      list += fmt::format("{}{}", list.empty() ? "" : ", ", feature);
    }
    return misuse(fmt::format("Unsupported feature: {}. Supported features are: {}", name, list));
  }
  return {};
}

base::Result<> check_levels(const Levels& levels, const metadata::MetadataVersion& version) {
  for (const auto& [name, level] : levels) {
    if (name == kMetadataVersion) continue;
    const auto* known = metadata::find_feature(name)->find(level);
    if (known == nullptr) return unknown_feature_level(name, level);
    if (version.level < known->needs_metadata_version) {
      return misuse(
          fmt::format("{} could not be set to {} because it depends on metadata.version level {}",
                      name, level, known->needs_metadata_version));
    }
  }
  return {};
}

base::Result<> plan_levels(const Flags& flags, bool is_dynamic, bool allows_unstable,
                           FormatPlan& plan) {
  Levels levels;
  for (const std::string& text : flags.values("feature")) {
    auto level = parse_feature_level(text);
    if (!level) return base::fail(std::move(level));
    levels[level->name] = level->level;
  }
  auto version = effective_version(flags, levels, allows_unstable);
  if (!version) return base::fail(std::move(version));
  plan.version = *version;
  if (auto ok = check_known(levels); !ok) return ok;
  auto kraft = effective_kraft_level(levels, is_dynamic);
  if (!kraft) return base::fail(std::move(kraft));
  plan.kraft_version = *kraft;
  levels[std::string(kKraftVersion)] = *kraft;
  for (const auto& feature : metadata::features()) {
    levels.try_emplace(std::string(feature.name), feature.default_level(*version));
  }
  if (auto ok = check_levels(levels, *version); !ok) return ok;
  levels.erase(std::string(kKraftVersion));
  levels.erase(std::string(kMetadataVersion));
  const auto add = [&](std::string_view name, std::int16_t level) {
    wire::FeatureLevelRecord record;
    record.name = name;
    record.feature_level = level;
    plan.records.emplace_back(std::move(record));
  };
  add(kMetadataVersion, version->level);
  for (const auto& [name, level] : levels) {
    if (level > 0) add(name, level);
  }
  return {};
}

base::Result<> plan_credentials(const Flags& flags, FormatPlan& plan, env::Random& random) {
  const auto arguments = flags.values("add-scram");
  if (!arguments.empty() && plan.version.level < kFirstWithScram) {
    return misuse("SCRAM is only supported in metadata.version 3.5-IV2 or later.");
  }
  for (const std::string& argument : arguments) {
    auto record = parse_scram_argument(argument, random);
    if (!record) return base::fail(std::move(record));
    plan.records.emplace_back(*std::move(record));
  }
  return {};
}

}  // namespace

std::set<std::string> storage_directories(const config::Settings& settings) {
  const auto list = settings.log_directories();
  std::set<std::string> directories(list.begin(), list.end());
  const std::string metadata = settings.given_or("metadata.log.dir", "");
  if (!metadata.empty()) directories.insert(metadata);
  return directories;
}

base::Result<FormatPlan> plan_format(const config::Settings& settings, const Flags& flags,
                                     env::Random& random) {
  constexpr std::int32_t kServersDefault = 1;
  FormatPlan plan;
  plan.cluster_id = flags.value_or("cluster-id", "");
  plan.node_id = settings.node_id().value_or(kServersDefault);
  plan.directories = storage_directories(settings);
  plan.metadata_directory = settings.given_or("metadata.log.dir", "");
  if (plan.metadata_directory.empty()) plan.metadata_directory = settings.log_directories()[0];
  plan.listener = first_of(settings.given_or("controller.listener.names", ""));
  if (plan.listener.empty()) plan.listener = "CONTROLLER";
  const bool allows_unstable = settings.given_or("unstable.feature.versions.enable", "") == "true";
  if (const auto release = flags.value("release-version")) {
    auto version = metadata::parse_metadata_version(*release, allows_unstable);
    if (!version) return base::fail(std::move(version));
  }
  if (auto done = plan_voters(settings, flags, plan, random); !done) {
    return base::fail(std::move(done));
  }
  const bool is_dynamic = !has_static_voters(settings);
  if (auto done = plan_levels(flags, is_dynamic, allows_unstable, plan); !done) {
    return base::fail(std::move(done));
  }
  if (auto done = plan_credentials(flags, plan, random); !done) return base::fail(std::move(done));
  return plan;
}

}  // namespace odradek::cli
