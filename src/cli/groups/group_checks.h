// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "cli/flags.h"

// The rules between flags that the tools of every type of group have in common. Each error is an
// INVALID_REQUEST, in the words of Kafka's tools.
namespace odradek::cli {

// --describe shows one thing, and all of it.
[[nodiscard]] base::Result<> check_described_once(const Flags& flags);
// --reset-offsets is tried or done, not both.
[[nodiscard]] base::Result<> check_reset_is_one(const Flags& flags);
// The same, where Kafka's tool wants one of the two.
[[nodiscard]] base::Result<> check_reset_is_said(const Flags& flags);

}  // namespace odradek::cli
