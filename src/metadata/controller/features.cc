// SPDX-License-Identifier: Apache-2.0
#include "metadata/controller/features.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "metadata/controller/cluster.h"

namespace odradek::metadata {
namespace {

using base::ErrorCode;
using Update = wire::UpdateFeaturesRequest::FeatureUpdateKey;
using Range = std::pair<std::int16_t, std::int16_t>;

constexpr const char* kMetadataVersion = "metadata.version";
constexpr const char* kKraftVersion = "kraft.version";

// Kafka's numbers (KIP-778).
enum class UpgradeType : std::int8_t { kUpgrade = 1, kSafeDowngrade = 2, kUnsafeDowngrade = 3 };

// Metadata versions whose records differ from those of the version before; below them lies what
// their log can't be read by. 31 to 33 are 4.4's and count as different until that is known.
constexpr std::array<std::int16_t, 12> kChangedMetadata = {7,  8,  11, 13, 14, 15,
                                                           17, 23, 30, 31, 32, 33};

std::unexpected<base::Error> invalid(const Update& update, const std::string& why) {
  return base::fail(ErrorCode::kInvalidUpdateVersion,
                    fmt::format("Invalid update version {} for feature {}. {}",
                                update.max_version_level, update.feature, why));
}

base::Result<> check_range(const Update& update, const std::string& who,
                           const std::map<std::string, Range>& supported) {
  const auto found = supported.find(update.feature);
  const Range range = found == supported.end() ? Range{0, 0} : found->second;
  const std::int16_t level = update.max_version_level;
  if (level >= range.first && level <= range.second) return {};
  if (range.second == 0) return invalid(update, who + " does not support this feature.");
  return invalid(update,
                 fmt::format("{} only supports versions {}-{}", who, range.first, range.second));
}

base::Result<> check_supported(const ClusterImage& image, base::BrokerId self,
                               const Update& update) {
  const auto supported = supported_features();
  const auto local =
      check_range(update, fmt::format("Local controller {}", self.value()), supported);
  if (!local) return local;
  for (const auto& [id, broker] : image.brokers) {
    const auto there =
        check_range(update, fmt::format("Broker {}", id.value()), broker->supported_features);
    if (!there) return there;
  }
  if (!supported.contains(update.feature)) {
    return invalid(update, fmt::format("Feature {} not found.", update.feature));
  }
  return {};
}

std::int16_t level_of(const std::map<std::string, std::int16_t>& features,
                      const std::string& feature) {
  const auto found = features.find(feature);
  return found == features.end() ? std::int16_t{0} : found->second;
}

base::Result<> check_direction(const Update& update, std::int16_t current) {
  const bool is_upgrade = static_cast<UpgradeType>(update.upgrade_type) == UpgradeType::kUpgrade;
  if (update.max_version_level < current && is_upgrade) {
    return invalid(
        update,
        "Can't downgrade the version of this feature without setting the upgrade type to "
        "either safe or unsafe downgrade.");
  }
  if (update.max_version_level > current && !is_upgrade) {
    return invalid(update, "Can't downgrade to a newer version.");
  }
  return {};
}

base::Result<> check_metadata_downgrade(std::int16_t current, const Update& update) {
  const std::int16_t level = update.max_version_level;
  const bool changed = std::ranges::any_of(
      kChangedMetadata, [&](std::int16_t at) { return at > level && at <= current; });
  if (!changed) return {};
  const bool is_unsafe =
      static_cast<UpgradeType>(update.upgrade_type) == UpgradeType::kUnsafeDowngrade;
  return base::fail(
      ErrorCode::kInvalidUpdateVersion,
      fmt::format("Unsupported metadata.version downgrade from {} to {}. {}", current, level,
                  is_unsafe ? "Unsafe metadata downgrade is not supported in this version."
                            : "Refusing to perform the requested downgrade because it might delete "
                              "metadata information."));
}

// What other features' levels ask of a level of this one.
base::Result<> check_dependencies(const Update& update,
                                  const std::map<std::string, std::int16_t>& proposed) {
  constexpr std::int16_t kFirstWithReplicas = 23;  // 4.0-IV1
  if (update.feature != "eligible.leader.replicas.version" || update.max_version_level < 1 ||
      level_of(proposed, kMetadataVersion) >= kFirstWithReplicas) {
    return {};
  }
  return invalid(update, fmt::format("{} could not be set to {} because it depends on {} level {}",
                                     update.feature, update.max_version_level, kMetadataVersion,
                                     kFirstWithReplicas));
}

base::Result<> check(const ClusterImage& image, base::BrokerId self, const Update& update,
                     const std::map<std::string, std::int16_t>& proposed) {
  if (update.upgrade_type < 1 || update.upgrade_type > 3) {
    return invalid(update, "The controller does not support the given upgrade type.");
  }
  if (update.max_version_level < 0) {
    return invalid(update, "A feature version cannot be less than 0.");
  }
  if (auto supported = check_supported(image, self, update); !supported) return supported;
  const std::int16_t current = level_of(image.features, update.feature);
  if (auto allowed = check_direction(update, current); !allowed) return allowed;
  if (update.feature == kMetadataVersion) return check_metadata_downgrade(current, update);
  if (update.feature == kKraftVersion && update.max_version_level < current) {
    return invalid(update, "Can't downgrade the version of this feature.");
  }
  return check_dependencies(update, proposed);
}

void answer_each(const std::map<std::string, Update>& updates,
                 wire::UpdateFeaturesResponse& response) {
  for (const auto& [feature, update] : updates) {
    auto& result = response.results.emplace_back();
    result.feature = feature;
    result.error_message = "NONE";
  }
}

}  // namespace

UpdateFeaturesDecision update_features(const ClusterImage& image, base::BrokerId self,
                                       const wire::UpdateFeaturesRequest& request) {
  UpdateFeaturesDecision decision;
  std::map<std::string, Update> updates;  // the last one of a feature counts
  for (const Update& update : request.feature_updates) updates[update.feature] = update;
  auto proposed = image.features;
  for (const auto& [feature, update] : updates) proposed[feature] = update.max_version_level;
  for (const auto& [feature, update] : updates) {
    if (auto valid = check(image, self, update, proposed); !valid) {
      decision.records.clear();
      decision.reply.error_code = valid.error().code;
      decision.reply.error_message =
          "The update failed for all features since the following feature had an error: " +
          valid.error().message;
      return decision;
    }
    if (level_of(image.features, feature) == update.max_version_level) continue;
    wire::FeatureLevelRecord record;
    record.name = feature;
    record.feature_level = update.max_version_level;
    decision.records.emplace_back(std::move(record));
  }
  if (request.validate_only) decision.records.clear();
  answer_each(updates, decision.reply);
  decision.reply.error_message.reset();
  return decision;
}

}  // namespace odradek::metadata
