// SPDX-License-Identifier: Apache-2.0
#include "cli/features/feature_levels.h"

#include <fmt/core.h>

#include <charconv>

#include "cli/flag_checks.h"
#include "config/value.h"
#include "metadata/feature_versions.h"

namespace odradek::cli {
namespace {

constexpr std::string_view kMetadataVersion = "metadata.version";

struct Dependency {
  FeatureLevel feature;
  std::string_view release;         // of metadata.version itself; else empty
  std::int16_t metadata_level = 0;  // 0: none
};

base::Result<Dependency> dependency_of(const FeatureLevel& asked) {
  if (asked.name == kMetadataVersion) {
    const auto* version = metadata::find_metadata_version(asked.level);
    if (version == nullptr) {
      return misuse(fmt::format("Unknown metadata.version {}", asked.level));
    }
    return Dependency{asked, version->name};
  }
  const auto* feature = metadata::find_feature(asked.name);
  if (feature == nullptr) return misuse(fmt::format("Unknown feature: {}", asked.name));
  const auto* version = feature->find(asked.level);
  if (version == nullptr) return unknown_feature_level(asked.name, asked.level);
  return Dependency{asked, {}, version->needs_metadata_version};
}

std::string_view version_name(std::int16_t level) {
  const auto* version = metadata::find_metadata_version(level);
  return version == nullptr ? "UNKNOWN" : version->name;
}

void print_as_kafka(const Dependency& dependency) {
  const auto& [name, level] = dependency.feature;
  if (!dependency.release.empty()) {
    fmt::print("{}={} ({}) has no dependencies.\n", name, level, dependency.release);
  } else if (dependency.metadata_level == 0) {
    fmt::print("{}={} has no dependencies.\n", name, level);
  } else {
    fmt::print("{}={} requires:\n    metadata.version={} ({})\n", name, level,
               dependency.metadata_level, version_name(dependency.metadata_level));
  }
}

}  // namespace

base::Result<FeatureLevel> parse_feature_level(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) {
    return misuse(fmt::format("Can't parse feature=level string {}: equals sign not found.", text));
  }
  const std::string_view digits = config::trim(text.substr(equals + 1));
  FeatureLevel feature{std::string(config::trim(text.substr(0, equals))), 0};
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), feature.level);
  if (error == std::errc() && end == digits.data() + digits.size()) return feature;
  return misuse(fmt::format("Can't parse feature=level string {}: unable to parse {} as a short.",
                            text, digits));
}

std::unexpected<base::Error> unknown_feature_level(std::string_view feature, std::int16_t level) {
  return misuse(fmt::format("No feature:{} with feature level {}", feature, level));
}

std::unexpected<base::Error> unknown_metadata_level(std::int16_t level) {
  const auto versions = metadata::metadata_versions();
  return misuse(
      fmt::format("No MetadataVersion with feature level {}. Valid feature levels are from {} to "
                  "{}.",
                  level, versions.front().level, versions.back().level));
}

base::Result<> print_version_mapping(const Invocation& invocation) {
  const std::string text = invocation.flags.value_or(
      "release-version", metadata::find_metadata_version(metadata::kDefaultMetadataVersion)->name);
  auto version = metadata::parse_metadata_version(text, true);
  if (!version) return base::fail(std::move(version));
  if (invocation.is_native) {
    Table table{.columns = {{"feature"}, {"level"}}, .rows = {}};
    table.rows.push_back({kMetadataVersion, version->level});
    for (const auto& feature : metadata::features()) {
      table.rows.push_back({feature.name, feature.default_level(*version)});
    }
    Output(invocation.output)
        .print(Document{.facts = {{"release_version", version->name}},
                        .tables = {{"features", std::move(table)}}});
    return {};
  }
  fmt::print("metadata.version={} ({})\n", version->level, text);
  for (const auto& feature : metadata::features()) {
    fmt::print("{}={}\n", feature.name, feature.default_level(*version));
  }
  return {};
}

base::Result<> print_dependencies(const Invocation& invocation,
                                  const std::vector<FeatureLevel>& levels) {
  Table table{.columns = {{"feature"}, {"level"}, {"needs_metadata_version"}}, .rows = {}};
  for (const FeatureLevel& asked : levels) {
    auto dependency = dependency_of(asked);
    if (!dependency) return base::fail(std::move(dependency));
    if (!invocation.is_native) print_as_kafka(*dependency);
    table.rows.push_back({asked.name, asked.level,
                          dependency->metadata_level == 0
                              ? Value()
                              : Value(version_name(dependency->metadata_level))});
  }
  if (invocation.is_native) Output(invocation.output).print(table);
  return {};
}

}  // namespace odradek::cli
