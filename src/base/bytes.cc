// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace odradek::base {
namespace {

std::uint64_t piece_size(const OutputPiece& piece) {
  if (const auto* memory = std::get_if<SharedBytes>(&piece)) return memory->size();
  return std::get<FileRange>(piece).length;
}

OutputPiece first_of(const OutputPiece& piece, std::uint64_t bytes) {
  if (const auto* memory = std::get_if<SharedBytes>(&piece)) return memory->slice(0, bytes);
  FileRange range = std::get<FileRange>(piece);
  range.length = bytes;
  return range;
}

}  // namespace

SharedBytes SharedBytes::allocate(std::size_t size) {
  SharedBytes bytes;
  bytes.block_ = std::make_shared_for_overwrite<std::uint8_t[]>(size);
  bytes.data_ = bytes.block_.get();
  bytes.size_ = size;
  return bytes;
}

SharedBytes SharedBytes::copy(ByteView from) {
  SharedBytes bytes = allocate(from.size());
  std::copy(from.begin(), from.end(), bytes.data_);
  return bytes;
}

SharedBytes SharedBytes::slice(std::size_t position, std::size_t length) const {
  ODRADEK_ASSERT(position <= size_ && length <= size_ - position);
  SharedBytes part = *this;
  part.data_ += position;
  part.size_ = length;
  return part;
}

bool operator==(const SharedBytes& left, const SharedBytes& right) {
  return std::ranges::equal(left.view(), right.view());
}

void OutputChain::append(SharedBytes bytes) {
  if (bytes.empty()) return;
  size_ += bytes.size();
  pieces_.emplace_back(std::move(bytes));
}

void OutputChain::append(FileRange range) {
  if (range.length == 0) return;
  size_ += range.length;
  pieces_.emplace_back(std::move(range));
}

void OutputChain::append(OutputChain chain) {
  size_ += chain.size_;
  std::ranges::move(chain.pieces_, std::back_inserter(pieces_));
}

void OutputChain::remove_prefix(std::uint64_t bytes) {
  ODRADEK_ASSERT(bytes <= size_);
  size_ -= bytes;
  std::size_t whole = 0;
  while (whole < pieces_.size() && bytes >= piece_size(pieces_[whole])) {
    bytes -= piece_size(pieces_[whole++]);
  }
  pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(whole));
  if (bytes == 0) return;
  if (auto* memory = std::get_if<SharedBytes>(&pieces_.front())) {
    *memory = memory->slice(bytes, memory->size() - bytes);
  } else {
    auto& range = std::get<FileRange>(pieces_.front());
    range.position += bytes;
    range.length -= bytes;
  }
}

OutputChain OutputChain::take_prefix(std::uint64_t bytes) {
  OutputChain prefix;
  if (bytes >= size_) {
    std::swap(prefix, *this);
    return prefix;
  }
  for (const OutputPiece& piece : pieces_) {
    const std::uint64_t taken = std::min(bytes - prefix.size_, piece_size(piece));
    if (taken == 0) break;
    prefix.pieces_.push_back(first_of(piece, taken));
    prefix.size_ += taken;
  }
  remove_prefix(bytes);
  return prefix;
}

}  // namespace odradek::base
