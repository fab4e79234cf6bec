// SPDX-License-Identifier: Apache-2.0
#include "log/topic_codec.h"

#include "record/compression/compress.h"

namespace odradek::log {

int compression_level(const LogConfig& config, record::Codec codec) {
  switch (codec) {
    case record::Codec::kGzip:
      return config.compression_gzip_level;
    case record::Codec::kLz4:
      return config.compression_lz4_level;
    case record::Codec::kZstd:
      return config.compression_zstd_level;
    case record::Codec::kNone:
    case record::Codec::kSnappy:
      break;
  }
  return record::default_compression_level(codec);
}

}  // namespace odradek::log
