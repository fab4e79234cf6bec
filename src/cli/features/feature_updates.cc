// SPDX-License-Identifier: Apache-2.0
#include "cli/features/feature_updates.h"

#include <fmt/core.h>

#include <algorithm>

#include "cli/admin/error_text.h"
#include "cli/features/feature_levels.h"
#include "cli/flag_checks.h"
#include "metadata/feature_versions.h"
#include "wire/messages/update_features.h"

namespace odradek::cli {
namespace {

using base::ErrorCode;
using Errors = std::map<std::string, std::string>;

constexpr std::string_view kMetadataVersion = "metadata.version";

std::unexpected<base::Error> named_twice(std::string_view feature) {
  return misuse(fmt::format("Feature {} was specified more than once.", feature));
}

// The levels that belong to a release; an upgrade does not ask for 0.
base::Result<> add_release(std::string_view release, FeatureUpdates& updates) {
  auto version = metadata::parse_metadata_version(release, true);
  if (!version) return base::fail(std::move(version));
  updates.levels[std::string(kMetadataVersion)] = version->level;
  for (const auto& feature : metadata::features()) {
    const std::int16_t level = feature.default_level(*version);
    if (updates.type == UpgradeType::kUpgrade && level == 0) continue;
    updates.levels[std::string(feature.name)] = level;
  }
  return {};
}

base::Result<> add_levels(const Flags& flags, FeatureUpdates& updates) {
  if (const auto release = flags.value("metadata")) {
    fmt::print(" `metadata` flag is deprecated and may be removed in a future release.\n");
    auto version = metadata::parse_metadata_version(*release, true);
    if (!version) return base::fail(std::move(version));
    updates.levels[std::string(kMetadataVersion)] = version->level;
  }
  for (const std::string& text : flags.values("feature")) {
    if (updates.verb == "disable") {
      if (!updates.levels.emplace(text, 0).second) return named_twice(text);
      continue;
    }
    auto level = parse_feature_level(text);
    if (!level) return base::fail(std::move(level));
    if (!updates.levels.emplace(level->name, level->level).second) return named_twice(level->name);
  }
  return {};
}

// The error of each feature; an older server gives each its own.
Errors errors_of(const wire::UpdateFeaturesResponse& answer, const FeatureUpdates& updates) {
  Errors errors;
  for (const auto& result : answer.results) {
    if (result.error_code == ErrorCode::kNone) continue;
    errors[result.feature] = error_text(result.error_code, result.error_message);
  }
  if (answer.error_code != ErrorCode::kNone) {
    for (const auto& [name, level] : updates.levels) {
      errors.emplace(name, error_text(answer.error_code, answer.error_message));
    }
  }
  return errors;
}

// "transaction.version was upgraded to 2."
std::string outcome_text(const FeatureUpdates& updates, const std::string& name, std::int16_t level,
                         const std::string* error) {
  const bool is_disabled = updates.verb == "disable";
  if (error != nullptr) {
    return fmt::format("{} {} {}{}. {}", updates.is_dry_run ? "Can not" : "Could not", updates.verb,
                       name, is_disabled ? "" : fmt::format(" to {}", level), *error);
  }
  return fmt::format("{} {} {}d{}.", name, updates.is_dry_run ? "can be" : "was", updates.verb,
                     is_disabled ? "" : fmt::format(" to {}", level));
}

}  // namespace

base::Result<FeatureUpdates> asked_updates(const Invocation& invocation, std::string_view verb) {
  const Flags& flags = invocation.flags;
  FeatureUpdates updates{std::string(verb), UpgradeType::kUpgrade, flags.has("dry-run"), {}};
  if (verb != "upgrade") {
    updates.type =
        flags.has("unsafe") ? UpgradeType::kUnsafeDowngrade : UpgradeType::kSafeDowngrade;
  }
  const auto release = flags.value("release-version");
  if (release && (flags.has("metadata") || flags.has("feature"))) {
    return misuse("Can not specify `release-version` with other feature flags.");
  }
  auto added = release ? add_release(*release, updates) : add_levels(flags, updates);
  if (!added) return base::fail(std::move(added));
  if (updates.levels.empty()) {
    return misuse(fmt::format("You must specify at least one feature to {}", verb));
  }
  return updates;
}

base::Result<> update_features(const Invocation& invocation, Admin& admin,
                               const FeatureUpdates& updates) {
  wire::UpdateFeaturesRequest request;
  request.validate_only = updates.is_dry_run;
  for (const auto& [name, level] : updates.levels) {
    auto& update = request.feature_updates.emplace_back();
    update.feature = name;
    update.max_version_level = level;
    update.upgrade_type = static_cast<std::int8_t>(updates.type);
  }
  auto answer = admin.ask_controller<wire::UpdateFeaturesResponse>(std::move(request));
  if (!answer) return base::fail(std::move(answer));
  const Errors errors = errors_of(*answer, updates);
  Table table{.columns = {{"feature"}, {"level"}, {"outcome"}}, .rows = {}};
  for (const auto& [name, level] : updates.levels) {
    const auto found = errors.find(name);
    const std::string* error = found == errors.end() ? nullptr : &found->second;
    const std::string text = outcome_text(updates, name, level, error);
    if (!invocation.is_native) fmt::print("{}\n", text);
    table.rows.push_back({name, level, {text, error == nullptr ? Tone::kGood : Tone::kBad}});
  }
  if (invocation.is_native) Output(invocation.output).print(table);
  if (errors.empty()) return {};
  return misuse(
      fmt::format("{} out of {} operation(s) failed.", errors.size(), updates.levels.size()));
}

}  // namespace odradek::cli
