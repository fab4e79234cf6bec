// SPDX-License-Identifier: Apache-2.0
#include "metadata/feature_versions.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace odradek::metadata {
namespace {

constexpr std::array kVersions = {
    MetadataVersion{7, "3.3", "3.3-IV3"},  MetadataVersion{8, "3.4", "3.4-IV0"},
    MetadataVersion{9, "3.5", "3.5-IV0"},  MetadataVersion{10, "3.5", "3.5-IV1"},
    MetadataVersion{11, "3.5", "3.5-IV2"}, MetadataVersion{12, "3.6", "3.6-IV0"},
    MetadataVersion{13, "3.6", "3.6-IV1"}, MetadataVersion{14, "3.6", "3.6-IV2"},
    MetadataVersion{15, "3.7", "3.7-IV0"}, MetadataVersion{16, "3.7", "3.7-IV1"},
    MetadataVersion{17, "3.7", "3.7-IV2"}, MetadataVersion{18, "3.7", "3.7-IV3"},
    MetadataVersion{19, "3.7", "3.7-IV4"}, MetadataVersion{20, "3.8", "3.8-IV0"},
    MetadataVersion{21, "3.9", "3.9-IV0"}, MetadataVersion{22, "4.0", "4.0-IV0"},
    MetadataVersion{23, "4.0", "4.0-IV1"}, MetadataVersion{24, "4.0", "4.0-IV2"},
    MetadataVersion{25, "4.0", "4.0-IV3"}, MetadataVersion{26, "4.1", "4.1-IV0"},
    MetadataVersion{27, "4.1", "4.1-IV1"}, MetadataVersion{28, "4.2", "4.2-IV0"},
    MetadataVersion{29, "4.2", "4.2-IV1"}, MetadataVersion{30, "4.3", "4.3-IV0"},
    MetadataVersion{31, "4.4", "4.4-IV0"}, MetadataVersion{32, "4.4", "4.4-IV1"},
    MetadataVersion{33, "4.4", "4.4-IV2"},
};

constexpr std::int16_t kFirst = 7;
constexpr std::array kKraft = {FeatureVersion{0, kFirst}, FeatureVersion{1, 21}};
// Level 1 was never a default: 2 came with it.
constexpr std::array kTransaction = {FeatureVersion{0, kFirst}, FeatureVersion{1, 24},
                                     FeatureVersion{2, 24}};
constexpr std::array kGroup = {FeatureVersion{0, kFirst}, FeatureVersion{1, 22}};
constexpr std::array kEligibleLeaders = {FeatureVersion{0, kFirst}, FeatureVersion{1, 26, 23}};
constexpr std::array kShare = {FeatureVersion{0, kFirst}, FeatureVersion{1, 28}};
constexpr std::array kStreams = {FeatureVersion{0, kFirst}, FeatureVersion{1, 29}};

constexpr std::array kFeatures = {
    Feature{"kraft.version", kKraft}, Feature{"transaction.version", kTransaction},
    Feature{"group.version", kGroup}, Feature{"eligible.leader.replicas.version", kEligibleLeaders},
    Feature{"share.version", kShare}, Feature{"streams.version", kStreams},
};

bool is_stable(const MetadataVersion& version) { return version.level <= kDefaultMetadataVersion; }

// "4.3" of "4.3.1"
std::string_view without_patch(std::string_view text) {
  const auto first = text.find('.');
  if (first == std::string_view::npos) return text;
  return text.substr(0, text.find('.', first + 1));
}

}  // namespace

std::span<const MetadataVersion> metadata_versions() { return kVersions; }

const MetadataVersion* find_metadata_version(std::int16_t level) {
  const auto found = std::ranges::find(kVersions, level, &MetadataVersion::level);
  return found == kVersions.end() ? nullptr : &*found;
}

base::Result<MetadataVersion> parse_metadata_version(std::string_view text, bool allows_unstable) {
  const std::string_view key = without_patch(text);
  const MetadataVersion* found = nullptr;
  std::string known;
  for (const MetadataVersion& version : kVersions) {
    if (!allows_unstable && !is_stable(version)) break;
    if (!known.empty()) known += ", ";
    known += version.name;
    // A release that is not out has no name of its own.
    if (version.name == key || (version.release == key && is_stable(version))) found = &version;
  }
  if (found != nullptr) return *found;
  return base::fail(base::ErrorCode::kInvalidRequest,
                    fmt::format("Unknown metadata.version '{}'. Supported metadata.version are: {}",
                                text, known));
}

const FeatureVersion* Feature::find(std::int16_t level) const {
  const auto found = std::ranges::find(versions, level, &FeatureVersion::level);
  return found == versions.end() ? nullptr : &*found;
}

std::int16_t Feature::default_level(const MetadataVersion& version) const {
  std::int16_t level = 0;
  for (const FeatureVersion& known : versions) {
    if (known.default_from <= version.level) level = known.level;
  }
  return level;
}

std::span<const Feature> features() { return kFeatures; }

const Feature* find_feature(std::string_view name) {
  const auto found = std::ranges::find(kFeatures, name, &Feature::name);
  return found == kFeatures.end() ? nullptr : &*found;
}

}  // namespace odradek::metadata
