// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"

namespace odradek::net {

// Cuts a stream of bytes into frames: a length (int32, big-endian), then so many bytes. Holds no
// memory between frames. The length is checked before anything is taken for it, and memory is
// taken as bytes arrive: a partial frame's block has at most 16 times the bytes that are there
// (at least 4 KiB), so a claimed length costs nothing until it is paid for.
class FrameReader {
 public:
  // `limit_key` is the configuration key that the error names.
  FrameReader(std::size_t max_frame_bytes, const char* limit_key)
      : max_frame_bytes_(max_frame_bytes), limit_key_(limit_key) {}

  // Takes bytes from the front of `input`: the next whole frame (without its length), or nothing
  // when all of `input` is taken and more is needed. INVALID_REQUEST for a length that is negative
  // or above the limit; the reader is of no use then.
  [[nodiscard]] base::Result<std::optional<base::SharedBytes>> next(base::ByteView& input);

  // Where the bytes that follow should be read to, so that a large frame is not copied: room
  // within the partial frame's block, empty where no large frame is under way. What was read there
  // is announced by `advance`, after which `next` may have the frame.
  base::MutableByteView direct_room();
  void advance(std::size_t bytes);

  // In the midst of a frame.
  bool partial() const { return header_size_ > 0; }
  // Memory taken for the partial frame.
  std::size_t reserved_bytes() const { return block_.size(); }
  // Gives up the partial frame, and the reader.
  void abandon() { block_ = {}; }

 private:
  bool take_header(base::ByteView& input);
  [[nodiscard]] base::Result<> check_length();
  void make_room(std::size_t arriving);
  base::SharedBytes finish();

  const std::size_t max_frame_bytes_;
  const char* const limit_key_;
  std::array<std::uint8_t, 4> header_{};
  std::uint8_t header_size_ = 0;  // bytes of the length that have come
  std::size_t length_ = 0;        // of the frame, once the header is whole
  std::size_t received_ = 0;      // bytes of the frame that have come
  base::SharedBytes block_;
};

}  // namespace odradek::net
