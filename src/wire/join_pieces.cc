// SPDX-License-Identifier: Apache-2.0
#include "wire/join_pieces.h"

#include <algorithm>

namespace odradek::wire {

base::SharedBytes join_pieces(const base::OutputChain& chain) {
  const auto& pieces = chain.pieces();
  if (pieces.size() == 1) return std::get<base::SharedBytes>(pieces.front());
  auto joined = base::SharedBytes::allocate(chain.size());
  std::uint8_t* to = joined.mutable_view().data();
  for (const base::OutputPiece& piece : pieces) {
    const base::ByteView bytes = std::get<base::SharedBytes>(piece).view();
    to = std::ranges::copy(bytes, to).out;
  }
  return joined;
}

}  // namespace odradek::wire
