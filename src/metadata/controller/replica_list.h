// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <vector>

#include "base/ids.h"

// Lists of brokers, in the order that means something: of preference, or that in which they came
// in. They are short, so they are searched from end to end.
namespace odradek::metadata {

using ReplicaList = std::vector<base::BrokerId>;

inline bool contains(const ReplicaList& replicas, base::BrokerId replica) {
  return std::ranges::find(replicas, replica) != replicas.end();
}

inline bool contains_all(const ReplicaList& replicas, const ReplicaList& wanted) {
  return std::ranges::all_of(wanted,
                             [&](base::BrokerId replica) { return contains(replicas, replica); });
}

inline ReplicaList without(const ReplicaList& replicas, const ReplicaList& left_out) {
  ReplicaList rest;
  for (const base::BrokerId replica : replicas) {
    if (!contains(left_out, replica)) rest.push_back(replica);
  }
  return rest;
}

inline ReplicaList without(const ReplicaList& replicas, base::BrokerId left_out) {
  return without(replicas, ReplicaList{left_out});
}

}  // namespace odradek::metadata
