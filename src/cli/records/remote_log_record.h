// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace odradek::cli {

// A record of __remote_log_metadata (KIP-405) as Kafka's tools print it. CORRUPT_MESSAGE with the
// reason where the bytes are not such a record.
[[nodiscard]] base::Result<std::string> remote_log_record_text(base::ByteView value);

}  // namespace odradek::cli
