// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace odradek::cli {

// A record of __cluster_metadata as Kafka's tools print it:
// {"type":"TOPIC_RECORD","version":0,"data":{…}}. CORRUPT_MESSAGE with the reason where the bytes
// are not such a record.
[[nodiscard]] base::Result<std::string> metadata_record_json(base::ByteView value);

}  // namespace odradek::cli
