// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/error_code.h"
#include "wire/layout.h"

namespace odradek::wire {

// Whether a field named ErrorCode of the message has this value, at any depth.
bool has_error(const MessageLayout& layout, const void* message, base::ErrorCode code);

}  // namespace odradek::wire
