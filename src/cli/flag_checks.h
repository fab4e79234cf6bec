// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/flags.h"

// The rules between flags, with the texts of Kafka's tools. Each error is an INVALID_REQUEST.
namespace odradek::cli {

[[nodiscard]] base::Result<> require(const Flags& flags,
                                     std::initializer_list<std::string_view> names);
// None of `others` may be there when `name` is.
[[nodiscard]] base::Result<> exclude(const Flags& flags, std::string_view name,
                                     std::span<const std::string_view> others);
// Every server of the flag, where it is there, has a host and a port.
[[nodiscard]] base::Result<> check_servers(const Flags& flags, std::string_view name);
// How many of `names` are there.
int count_given(const Flags& flags, std::span<const std::string_view> names);
// "[a], [b]"
std::string bracketed(std::span<const std::string_view> names);

// A rule that a command states by itself.
std::unexpected<base::Error> misuse(std::string message);

}  // namespace odradek::cli
