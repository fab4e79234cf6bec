// SPDX-License-Identifier: Apache-2.0
#include "log/move/placement.h"

#include <algorithm>
#include <functional>

namespace odradek::log::move {
namespace {

using Predicate = std::function<bool(const Place&)>;

// Differences of free space below a tenth count for nothing, or two directories of one file system
// would be told apart by what was written between two looks at it.
double weight(const Place& place, std::uint64_t most_bytes) {
  const auto bytes = static_cast<double>(place.usable_bytes);
  const auto most = static_cast<double>(most_bytes);
  if (bytes >= 0.9 * most) return std::max(most, 1.0);
  return std::max(bytes, 1.0);
}

// Of those that `may` takes, the one with the least partitions for its weight, the new one counted.
std::optional<std::size_t> least_used(std::span<const Place> places, const Predicate& may) {
  std::uint64_t most_bytes = 0;
  for (const Place& place : places) {
    if (may(place)) most_bytes = std::max(most_bytes, place.usable_bytes);
  }
  std::optional<std::size_t> best;
  double least = 0;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (!may(places[i])) continue;
    const double use = static_cast<double>(places[i].log_count + 1) / weight(places[i], most_bytes);
    if (best && use >= least) continue;
    best = i;
    least = use;
  }
  return best;
}

}  // namespace

std::optional<std::size_t> choose_place(std::span<const Place> places) {
  const Predicate predicates[] = {
      [](const Place& place) { return !place.is_offline && !place.is_full && !place.is_cordoned; },
      [](const Place& place) { return !place.is_offline && !place.is_full; },
      [](const Place& place) { return !place.is_offline; }};
  if (const auto best = least_used(places, predicates[0])) return best;
  for (const Predicate& may : {predicates[1], predicates[2]}) {
    const auto first = std::ranges::find_if(places, may);
    if (first != places.end()) return static_cast<std::size_t>(first - places.begin());
  }
  return std::nullopt;
}

}  // namespace odradek::log::move
