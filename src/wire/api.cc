// SPDX-License-Identifier: Apache-2.0
#include "wire/api.h"

#include <algorithm>

#include "base/assert.h"

namespace odradek::wire {

const ApiDescription* find_api(std::int16_t key) {
  // Sorted by key, with few gaps.
  auto key_of = [](const ApiDescription& api) { return static_cast<std::int16_t>(api.key); };
  auto found = std::ranges::lower_bound(all_apis(), key, {}, key_of);
  return found != all_apis().end() && key_of(*found) == key ? &*found : nullptr;
}

const ApiDescription& describe_api(ApiKey key) {
  const ApiDescription* api = find_api(static_cast<std::int16_t>(key));
  ODRADEK_ASSERT(api != nullptr);
  return *api;
}

}  // namespace odradek::wire
