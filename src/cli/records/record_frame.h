// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "wire/reader.h"
#include "wire/version.h"

// What stands in front of records without keys: unsigned varints of the frame's version (1), the
// record's type and its version. Private to records/.
namespace odradek::cli {

struct RecordFrame {
  std::int16_t type = 0;
  wire::Version version = 0;
};

// Reads the frame, gives it to `read_body`, which takes the body from the same reader, and checks
// that nothing is left. CORRUPT_MESSAGE with Kafka's words.
[[nodiscard]] base::Result<std::string> read_framed(
    wire::Reader& reader,
    const std::function<base::Result<std::string>(const RecordFrame&)>& read_body);

// The error of `read_body` for a type that it does not know.
std::unexpected<base::Error> unknown_record_type(std::int16_t type);

}  // namespace odradek::cli
