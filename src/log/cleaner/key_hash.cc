// SPDX-License-Identifier: Apache-2.0
#include "log/cleaner/key_hash.h"

#include <bit>
#include <cstddef>

namespace odradek::log::cleaner {
namespace {

struct State {
  std::uint64_t v0;
  std::uint64_t v1;
  std::uint64_t v2;
  std::uint64_t v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void take(std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
  std::uint64_t finish() {
    for (int i = 0; i < 4; ++i) round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

std::uint64_t load_little_endian(const std::uint8_t* from, std::size_t size) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < size; ++i) word |= std::uint64_t{from[i]} << (8 * i);
  return word;
}

}  // namespace

KeyHash KeyHasher::operator()(base::ByteView key) const {
  State state{low_ ^ 0x736f6d6570736575U, high_ ^ 0x646f72616e646f6dU ^ 0xeeU,
              low_ ^ 0x6c7967656e657261U, high_ ^ 0x7465646279746573U};
  constexpr std::size_t kWord = 8;
  std::size_t position = 0;
  for (; position + kWord <= key.size(); position += kWord) {
    state.take(load_little_endian(key.data() + position, kWord));
  }
  const std::uint64_t tail = load_little_endian(key.data() + position, key.size() - position);
  state.take(tail | std::uint64_t{key.size()} << 56U);
  state.v2 ^= 0xeeU;
  const std::uint64_t first = state.finish();
  state.v1 ^= 0xddU;
  return {first, state.finish()};
}

}  // namespace odradek::log::cleaner
