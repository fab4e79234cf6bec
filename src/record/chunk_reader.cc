// SPDX-License-Identifier: Apache-2.0
#include "record/chunk_reader.h"

#include <array>
#include <cstring>

#include <fmt/core.h>

#include "record/varint.h"

namespace odradek::record {
namespace {

// Gathers the bytes of a number of at most `max_size` bytes; 0 where the stream ends before it.
template <typename Source>
std::size_t gather(Source& source, std::array<std::uint8_t, kMaxVarlongSize>& bytes,
                   std::size_t max_size) {
  for (std::size_t i = 0; i < max_size; ++i) {
    if (!source.byte(bytes[i])) return 0;
    if (bytes[i] < 0x80) return i + 1;
  }
  return max_size;
}

}  // namespace

void ChunkReader::refill() {
  if (is_done_) return;
  auto next = decompressor_.next();
  is_done_ = !next || next->empty();
  if (!next) {
    error_ = std::move(next).error();
    return;
  }
  total_bytes_ += next->size();
  if (total_bytes_ > max_bytes_) {
    is_done_ = true;
    error_ = base::Error{base::ErrorCode::kInvalidRecord,
                         fmt::format("the batch unpacks to more than {} bytes", max_bytes_), 0};
    return;
  }
  chunk_ = *next;
}

bool ChunkReader::skip(std::uint64_t bytes) {
  while (bytes > 0) {
    const std::size_t here = std::min<std::uint64_t>(bytes, chunk().size());
    if (here == 0) return false;
    consume(here);
    bytes -= here;
  }
  return true;
}

bool ChunkReader::read(base::MutableByteView to) {
  while (!to.empty()) {
    const std::size_t here = std::min(to.size(), chunk().size());
    if (here == 0) return false;
    std::memcpy(to.data(), chunk_.data(), here);
    consume(here);
    to = to.subspan(here);
  }
  return true;
}

bool ChunkSource::varint(std::int32_t& value) {
  std::array<std::uint8_t, kMaxVarlongSize> bytes;
  const std::size_t size = gather(*this, bytes, kMaxVarintSize);
  return read_varint(bytes.data(), bytes.data() + size, value) != nullptr;
}

bool ChunkSource::varlong(std::int64_t& value) {
  std::array<std::uint8_t, kMaxVarlongSize> bytes;
  const std::size_t size = gather(*this, bytes, kMaxVarlongSize);
  return read_varlong(bytes.data(), bytes.data() + size, value) != nullptr;
}

bool read_varint(ChunkReader& reader, std::int32_t& value) {
  const base::ByteView chunk = reader.chunk();
  if (chunk.size() >= kMaxVarintSize) {
    const std::uint8_t* end = read_varint(chunk.data(), chunk.data() + chunk.size(), value);
    if (end == nullptr) return false;
    reader.consume(static_cast<std::size_t>(end - chunk.data()));
    return true;
  }
  std::array<std::uint8_t, kMaxVarlongSize> bytes;
  const std::size_t size = gather(reader, bytes, kMaxVarintSize);
  return read_varint(bytes.data(), bytes.data() + size, value) != nullptr;
}

}  // namespace odradek::record
