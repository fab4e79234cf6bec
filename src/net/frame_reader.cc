// SPDX-License-Identifier: Apache-2.0
#include "net/frame_reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace odradek::net {
namespace {

constexpr std::size_t kFirstBlockBytes = 4096;
constexpr std::size_t kGrowth = 16;
// Below this a copy is cheaper than a read of its own.
constexpr std::size_t kDirectBytes = 16384;

}  // namespace

base::Result<std::optional<base::SharedBytes>> FrameReader::next(base::ByteView& input) {
  if (header_size_ < header_.size()) {
    if (!take_header(input)) return std::nullopt;
    if (auto valid = check_length(); !valid) return base::fail(std::move(valid));
  }
  const std::size_t taken = std::min(input.size(), length_ - received_);
  make_room(taken);
  if (taken > 0) std::memcpy(block_.mutable_view().data() + received_, input.data(), taken);
  input = input.subspan(taken);
  received_ += taken;
  if (received_ < length_) return std::nullopt;
  return finish();
}

bool FrameReader::take_header(base::ByteView& input) {
  const std::size_t taken = std::min(input.size(), header_.size() - header_size_);
  std::copy_n(input.begin(), taken, header_.begin() + header_size_);
  header_size_ += static_cast<std::uint8_t>(taken);
  input = input.subspan(taken);
  return header_size_ == header_.size();
}

base::Result<> FrameReader::check_length() {
  const auto length = base::load_big_endian<std::int32_t>(header_.data());
  if (length < 0 || static_cast<std::size_t>(length) > max_frame_bytes_) {
    return base::fail(base::ErrorCode::kInvalidRequest,
                      fmt::format("a frame of {} bytes, allowed are 0 to {} ({})", length,
                                  max_frame_bytes_, limit_key_));
  }
  length_ = static_cast<std::size_t>(length);
  return {};
}

void FrameReader::make_room(std::size_t arriving) {
  const std::size_t needed = received_ + arriving;
  if (needed <= block_.size()) return;
  const std::size_t size =
      needed == length_ ? length_ : std::min(length_, std::max(kFirstBlockBytes, needed * kGrowth));
  auto grown = base::SharedBytes::allocate(size);
  std::copy_n(block_.data(), received_, grown.mutable_view().data());
  block_ = std::move(grown);
}

base::SharedBytes FrameReader::finish() {
  base::SharedBytes frame = std::move(block_);
  block_ = {};
  header_size_ = 0;
  length_ = 0;
  received_ = 0;
  return frame;
}

base::MutableByteView FrameReader::direct_room() {
  if (header_size_ < header_.size() || length_ - received_ < kDirectBytes) return {};
  if (block_.size() == received_) make_room(1);
  return block_.mutable_view().subspan(received_);
}

void FrameReader::advance(std::size_t bytes) {
  ODRADEK_ASSERT(received_ + bytes <= block_.size());
  received_ += bytes;
}

}  // namespace odradek::net
