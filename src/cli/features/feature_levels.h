// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/command.h"

// What kafka-features and kafka-storage both know of features, without a server.
namespace odradek::cli {

struct FeatureLevel {
  std::string name;
  std::int16_t level = 0;
};

// "transaction.version=2". An INVALID_REQUEST says what is wrong.
[[nodiscard]] base::Result<FeatureLevel> parse_feature_level(std::string_view text);

std::unexpected<base::Error> unknown_feature_level(std::string_view feature, std::int16_t level);
std::unexpected<base::Error> unknown_metadata_level(std::int16_t level);

// The levels that a release has; the newest stable one where none is named.
[[nodiscard]] base::Result<> print_version_mapping(const Invocation& invocation);
// What each of the levels needs.
[[nodiscard]] base::Result<> print_dependencies(const Invocation& invocation,
                                                const std::vector<FeatureLevel>& levels);

}  // namespace odradek::cli
