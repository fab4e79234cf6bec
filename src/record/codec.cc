// SPDX-License-Identifier: Apache-2.0
#include "record/codec.h"

#include <array>
#include <cstddef>

namespace odradek::record {
namespace {

constexpr std::array<std::string_view, 5> kNames = {"none", "gzip", "snappy", "lz4", "zstd"};

}  // namespace

std::string_view codec_name(Codec codec) { return kNames.at(static_cast<std::size_t>(codec)); }

}  // namespace odradek::record
