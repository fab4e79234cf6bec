// SPDX-License-Identifier: Apache-2.0
#include "record/codec.h"

#include <array>
#include <cstddef>

namespace odradek::record {
namespace {

constexpr std::array<std::string_view, 5> kNames = {"none", "gzip", "snappy", "lz4", "zstd"};

}  // namespace

std::string_view codec_name(Codec codec) { return kNames.at(static_cast<std::size_t>(codec)); }

std::optional<Codec> codec_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Codec>(i);
  }
  return std::nullopt;
}

}  // namespace odradek::record
