// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/client_config.h"
#include "cli/consumer/record_format.h"

namespace odradek::cli {

// Appends what is printed of a record. An INVALID_RECORD where it cannot be read as what it should
// be.
using Formatter = std::function<base::Result<>(const ConsumedRecord&, std::string&)>;

// The formatter of the Java class that --formatter names, today's or of an older version of Kafka;
// empty: the default one. INVALID_CONFIG where it is none of Kafka's, which would need a JVM, or
// `properties` are not its own.
[[nodiscard]] base::Result<Formatter> make_formatter(std::string_view class_name,
                                                     const ClientConfig& properties);

}  // namespace odradek::cli
