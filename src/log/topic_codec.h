// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "log/log_config.h"
#include "record/codec.h"

namespace odradek::log {

// The level that the topic has for a codec: compression.gzip.level and its like.
int compression_level(const LogConfig& config, record::Codec codec);

}  // namespace odradek::log
