// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

namespace odradek::base {

// A view of bytes that somebody else keeps alive.
using ByteView = std::span<const std::uint8_t>;
using MutableByteView = std::span<std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A slice of a reference-counted block: copying it shares the block, which lives as long as any
// slice of it. The bytes are written before the slice is shared; after that only the one owner that
// the protocol names (the log, which stamps offsets into a batch that it was handed) may still
// write to them.
class SharedBytes {
 public:
  SharedBytes() = default;
  // A fresh block of `size` bytes, not initialised.
  static SharedBytes allocate(std::size_t size);
  // A fresh block with a copy of `bytes`.
  static SharedBytes copy(ByteView bytes);

  const std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  ByteView view() const { return {data_, size_}; }
  operator ByteView() const { return view(); }  // NOLINT(google-explicit-constructor)
  // For the one owner only; see above.
  MutableByteView mutable_view() const { return {data_, size_}; }

  // The bytes [position, position + length) of this slice. REQUIRES: they lie within it.
  SharedBytes slice(std::size_t position, std::size_t length) const;

  // Equal when the bytes are equal.
  friend bool operator==(const SharedBytes& left, const SharedBytes& right);

 private:
  std::shared_ptr<std::uint8_t[]> block_;
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

// A file whose ranges can be sent to a socket without being copied. `env` defines the only
// implementation; the lower rooms pass it on without looking.
class SendableFile {
 public:
  virtual ~SendableFile() = default;
};

// The bytes [position, position + length) of a file, which stays open as long as the range lives.
struct FileRange {
  std::shared_ptr<SendableFile> file;
  std::uint64_t position = 0;
  std::uint64_t length = 0;

  friend bool operator==(const FileRange&, const FileRange&) = default;
};

// One piece of what goes to a socket.
using OutputPiece = std::variant<SharedBytes, FileRange>;

// What goes to a socket, in order.
class OutputChain {
 public:
  // Empty pieces are dropped.
  void append(SharedBytes bytes);
  void append(FileRange range);
  void append(OutputChain chain);
  // Drops the first `bytes` of the chain. REQUIRES: bytes <= size().
  void remove_prefix(std::uint64_t bytes);
  // Takes the first `bytes` off into a chain of their own; all of it where there are fewer.
  OutputChain take_prefix(std::uint64_t bytes);

  const std::vector<OutputPiece>& pieces() const { return pieces_; }
  std::vector<OutputPiece> take_pieces() { return std::move(pieces_); }
  // Bytes in all pieces.
  std::uint64_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  friend bool operator==(const OutputChain&, const OutputChain&) = default;

 private:
  std::vector<OutputPiece> pieces_;
  std::uint64_t size_ = 0;
};

// Big-endian numbers at a place in memory, as Kafka's formats have them. Unchecked: the caller
// knows the size.
template <typename Number>
inline Number load_big_endian(const std::uint8_t* from) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) value = (value << 8) | from[i];
  return static_cast<Number>(value);
}
template <typename Number>
inline void store_big_endian(std::uint8_t* to, Number number) {
  auto value = static_cast<std::uint64_t>(number);
  for (std::size_t i = sizeof(Number); i > 0; --i) {
    to[i - 1] = static_cast<std::uint8_t>(value);
    value >>= 8;
  }
}

}  // namespace odradek::base
