// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/flags.h"
#include "env/disk.h"

namespace odradek::cli {

// What --add-config, --add-config-file and --delete-config ask for.
struct ConfigChanges {
  std::map<std::string, std::string> added;
  std::vector<std::string> deleted;
};

// "k1=v1,k2=[v2,v3]": brackets keep commas and equals signs of a value together. An
// INVALID_REQUEST names what is wrong.
[[nodiscard]] base::Result<std::map<std::string, std::string>> parse_added_configs(
    std::string_view text);

// Reads the file, where one is named. Problems with the file have their own codes.
[[nodiscard]] base::Result<ConfigChanges> config_changes_of(const Flags& flags, env::Disk& disk);

}  // namespace odradek::cli
