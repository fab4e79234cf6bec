// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace odradek::cli {

class Admin;

// A group of any type as ListGroups names it.
struct AnyGroup {
  std::string id;
  std::string type;      // "Classic", "Consumer", "Share", "Streams"; empty: an old server
  std::string protocol;  // "consumer", "connect", "share", "streams"; empty: no member ever joined
  std::string state;
};

// Of these types and in these states (empty: all); by id.
[[nodiscard]] base::Result<std::vector<AnyGroup>> list_any_groups(
    Admin& admin, const std::vector<std::string>& types = {},
    const std::vector<std::string>& states = {});

}  // namespace odradek::cli
