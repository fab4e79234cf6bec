// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metadata/cluster_image.h"

// What a request wants changed of configurations, the same for both APIs that do.
namespace odradek::metadata {

// Kafka's numbers.
enum class ConfigOperation : std::int8_t { kSet = 0, kDelete = 1, kAppend = 2, kSubtract = 3 };

struct ConfigOp {
  std::string key;
  ConfigOperation operation = ConfigOperation::kSet;
  std::optional<std::string> value;
};

struct ResourceChange {
  std::int8_t type = 0;  // as it came: it may be none of ConfigResourceType
  std::string name;
  std::vector<ConfigOp> ops;
  // The resource has nothing but what `ops` set (AlterConfigs).
  bool replaces = false;

  ConfigResourceType resource_type() const { return static_cast<ConfigResourceType>(type); }
};

// A list value with the elements of `more` that it does not have, or without those of `less`;
// elements are compared as they are, and empty ones of the present value dropped.
std::string append_to_list(std::string_view list, std::string_view more);
std::string subtract_from_list(std::string_view list, std::string_view less);

}  // namespace odradek::metadata
