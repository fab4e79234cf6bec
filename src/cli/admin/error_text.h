// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/error_code.h"

namespace odradek::cli {

// The server's message, or where it gave none what Kafka's clients say of the code.
std::string error_text(base::ErrorCode code, const std::optional<std::string>& message);

// The name that Kafka's Java clients give the error, which its tools print and scripts look for,
// such as org.apache.kafka.common.errors.GroupNotEmptyException.
std::string java_exception(base::ErrorCode code);

}  // namespace odradek::cli
