// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "record/codec.h"

namespace odradek::record {

// Compresses the records of one batch as a stream, in the form that compress() describes and with
// the bytes that Apache Kafka's own streams make, as far as the libraries' versions agree. What has
// been compressed is appended to `output`. Not thread-safe; stays on one thread.
class Compressor {
 public:
  // `output` outlives the compressor. REQUIRES: a level that the codec has (compress.h).
  static std::unique_ptr<Compressor> open(Codec codec, int level,
                                          std::vector<std::uint8_t>& output);
  virtual ~Compressor() = default;
  virtual void write(base::ByteView plain) = 0;
  // The end of the stream; nothing is written after it.
  virtual void finish() = 0;
};

}  // namespace odradek::record
