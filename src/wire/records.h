// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <variant>

#include "base/bytes.h"

namespace odradek::wire {

// The record batches in a message (type `records`). Decoded, they are one slice of the message's
// frame; to be encoded, they are that or any chain of memory and file ranges, which travels to the
// socket as it is.
class Records {
 public:
  Records() = default;
  // NOLINTNEXTLINE(google-explicit-constructor)
  Records(base::SharedBytes bytes) : content_(std::move(bytes)) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  Records(base::OutputChain pieces) : content_(std::move(pieces)) {}

  // In bytes.
  std::uint64_t size() const {
    if (const auto* bytes = std::get_if<base::SharedBytes>(&content_)) return bytes->size();
    return std::get<base::OutputChain>(content_).size();
  }
  bool empty() const { return size() == 0; }

  // Whether they are one slice of memory, as every decoded message has them.
  bool contiguous() const { return std::holds_alternative<base::SharedBytes>(content_); }
  // REQUIRES: contiguous().
  const base::SharedBytes& bytes() const { return std::get<base::SharedBytes>(content_); }
  // REQUIRES: !contiguous().
  const base::OutputChain& pieces() const { return std::get<base::OutputChain>(content_); }

  friend bool operator==(const Records&, const Records&) = default;

 private:
  std::variant<base::SharedBytes, base::OutputChain> content_;
};

}  // namespace odradek::wire
