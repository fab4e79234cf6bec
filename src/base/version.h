// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace odradek::base {

// This build's, from the one place that has it: project() in CMakeLists.txt.
std::string_view odradek_version();

// The Apache Kafka whose protocol, configuration and formats this build has.
inline constexpr std::string_view kKafkaVersion = "4.4.0";

}  // namespace odradek::base
