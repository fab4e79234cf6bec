// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// How Java orders what Kafka's tools print.
namespace odradek::cli {

// The order in which a HashMap that was made for as many keys as there are visits them. REQUIRES:
// each key once.
std::vector<std::string> java_hash_order(std::vector<std::string> keys);

}  // namespace odradek::cli
