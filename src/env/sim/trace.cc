// SPDX-License-Identifier: Apache-2.0
#include "env/sim/trace.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "base/crc32c.h"

namespace odradek::env::sim {

void Trace::mix(std::uint64_t value) {
  digest_ = (digest_ ^ value) * 0x9fb21c651e98df25ULL;
  digest_ ^= digest_ >> 29U;
}

void Trace::mix(base::ByteView bytes) {
  mix(bytes.size());
  if (!bytes.empty()) mix(base::crc32c(bytes));
}

void Trace::add(std::string_view what, std::string_view who,
                std::initializer_list<std::uint64_t> values, base::ByteView content) {
  ++events_;
  mix(base::as_bytes(what));
  mix(base::as_bytes(who));
  for (const std::uint64_t value : values) mix(value);
  mix(content);
  if (sink_) {
    sink_(fmt::format("{} {} {} {} {:08x}", events_, what, who, fmt::join(values, " "),
                      base::crc32c(content)));
  }
}

}  // namespace odradek::env::sim
