// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "record/compression/decompressor.h"

namespace odradek::record::compression {

// Something costly that a thread keeps one of between batches: taken out while in use, put back
// after it. `make` returns a new unique_ptr.
template <typename Pointer, Pointer (*make)()>
class KeptPerThread {
 public:
  KeptPerThread() : pointer_(std::exchange(kept(), nullptr)) {
    if (pointer_ == nullptr) pointer_ = make();
  }
  ~KeptPerThread() {
    if (pointer_ != nullptr) kept() = std::move(pointer_);
  }
  KeptPerThread(const KeptPerThread&) = delete;
  KeptPerThread& operator=(const KeptPerThread&) = delete;

  auto* get() const { return pointer_.get(); }
  // It has grown too large to be kept.
  void discard() { pointer_ = nullptr; }
  // As discard(), and makes a new one.
  void renew() {
    pointer_ = nullptr;
    pointer_ = make();
  }

 private:
  static Pointer& kept() {
    thread_local Pointer pointer;
    return pointer;
  }

  Pointer pointer_;
};

inline std::unique_ptr<std::uint8_t[]> make_chunk() {
  return std::make_unique_for_overwrite<std::uint8_t[]>(kChunkSize);
}
using Chunk = KeptPerThread<std::unique_ptr<std::uint8_t[]>, make_chunk>;

}  // namespace odradek::record::compression
