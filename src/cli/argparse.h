// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/flags.h"

// The checks that argparse4j makes, in its words, for the tools that Kafka has made with it (see
// Dialect). Each error is an INVALID_REQUEST.
namespace odradek::cli {

enum class JavaInteger : std::uint8_t { kInteger, kLong };

[[nodiscard]] base::Result<> argparse_require(const Flags& flags,
                                              std::initializer_list<std::string_view> names);
// At most one of them is there.
[[nodiscard]] base::Result<> argparse_exclusive(const Flags& flags,
                                                std::span<const std::string_view> names);
[[nodiscard]] base::Result<std::optional<std::int64_t>> argparse_number(const Flags& flags,
                                                                        std::string_view name,
                                                                        JavaInteger type);
std::unexpected<base::Error> not_convertible(std::string_view name, std::string_view value,
                                             std::string_view type);

}  // namespace odradek::cli
