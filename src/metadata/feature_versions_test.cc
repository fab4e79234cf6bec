// SPDX-License-Identifier: Apache-2.0
#include "metadata/feature_versions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "metadata/controller/cluster.h"

namespace odradek::metadata {
namespace {

using testing::HasSubstr;

TEST(FeatureVersions, ReadsReleasesInEveryForm) {
  EXPECT_EQ(parse_metadata_version("3.7", false)->level, 19);
  EXPECT_EQ(parse_metadata_version("3.7-IV2", false)->level, 17);
  EXPECT_EQ(parse_metadata_version("4.0.1", false)->level, 25);
  EXPECT_EQ(parse_metadata_version("4.4-IV0", true)->level, 31);
  EXPECT_THAT(parse_metadata_version("4.4-IV0", false).error().message,
              HasSubstr("Unknown metadata.version '4.4-IV0'"));
  EXPECT_FALSE(parse_metadata_version("2.8", true));
  EXPECT_FALSE(parse_metadata_version("", true));
}

TEST(FeatureVersions, KnowsWhatIsTheDefaultWhen) {
  const auto level = [](std::string_view feature, std::int16_t version) {
    return find_feature(feature)->default_level(*find_metadata_version(version));
  };
  EXPECT_EQ(level("kraft.version", 20), 0);
  EXPECT_EQ(level("kraft.version", 21), 1);
  EXPECT_EQ(level("transaction.version", 24), 2);
  EXPECT_EQ(level("streams.version", 28), 0);
  EXPECT_EQ(level("streams.version", 29), 1);
  EXPECT_EQ(find_feature("metadata.version"), nullptr);
}

// The server formats its directory with the same levels as the tool.
TEST(FeatureVersions, AgreesWithWhatTheServerFormats) {
  const auto* version = find_metadata_version(kDefaultMetadataVersion);
  for (const MetadataRecord& record : format_records()) {
    const auto& level = std::get<wire::FeatureLevelRecord>(record);
    if (level.name == "metadata.version") {
      EXPECT_EQ(level.feature_level, version->level);
    } else {
      EXPECT_EQ(level.feature_level, find_feature(level.name)->default_level(*version));
    }
  }
}

}  // namespace
}  // namespace odradek::metadata
