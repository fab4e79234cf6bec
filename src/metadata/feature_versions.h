// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

// What releases of Apache Kafka count: the levels of `metadata.version` and of the other features,
// and which level of a feature belongs to which release (KIP-584, KIP-778, KIP-1022).
namespace odradek::metadata {

struct MetadataVersion {
  std::int16_t level = 0;
  std::string_view release;  // "4.3"
  std::string_view name;     // "4.3-IV0"
};

// What a directory is formatted with where nothing else is asked for.
inline constexpr std::int16_t kDefaultMetadataVersion = 30;

// In ascending order. The last few are newer than the default: Kafka 4.3 calls them unstable.
std::span<const MetadataVersion> metadata_versions();
// Null for another level.
const MetadataVersion* find_metadata_version(std::int16_t level);
// "4.3-IV0", "4.3" or "4.3.1": the newest of the release. An INVALID_REQUEST lists what there is.
[[nodiscard]] base::Result<MetadataVersion> parse_metadata_version(std::string_view text,
                                                                   bool allows_unstable);

// One level of a feature.
struct FeatureVersion {
  std::int16_t level = 0;
  // The metadata.version from which on it is the default.
  std::int16_t default_from = 0;
  // The metadata.version that it needs; 0: none.
  std::int16_t needs_metadata_version = 0;
};

// A feature other than metadata.version, with its levels in ascending order.
struct Feature {
  std::string_view name;
  std::span<const FeatureVersion> versions;

  // Null for another level.
  const FeatureVersion* find(std::int16_t level) const;
  std::int16_t default_level(const MetadataVersion& version) const;
};

// In the order in which Kafka's tools list them.
std::span<const Feature> features();
// Null for another name.
const Feature* find_feature(std::string_view name);

}  // namespace odradek::metadata
