// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "cli/admin/admin.h"
#include "cli/command.h"

namespace odradek::cli {

// As the protocol numbers them.
enum class UpgradeType : std::int8_t { kUpgrade = 1, kSafeDowngrade = 2, kUnsafeDowngrade = 3 };

struct FeatureUpdates {
  std::string verb;  // upgrade, downgrade, disable
  UpgradeType type = UpgradeType::kUpgrade;
  bool is_dry_run = false;
  std::map<std::string, std::int16_t> levels;
};

// By the flags of the subcommand `verb`. An INVALID_REQUEST says what is wrong.
[[nodiscard]] base::Result<FeatureUpdates> asked_updates(const Invocation& invocation,
                                                         std::string_view verb);

// Asks for them, and says of each what became of it; an error counts those that failed.
[[nodiscard]] base::Result<> update_features(const Invocation& invocation, Admin& admin,
                                             const FeatureUpdates& updates);

}  // namespace odradek::cli
