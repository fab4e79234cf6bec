// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "env/network.h"

namespace odradek::broker {

struct NodeEndpoint {
  std::string listener;
  env::Address address;

  friend bool operator==(const NodeEndpoint&, const NodeEndpoint&) = default;
};

// The endpoints in the text of /brokers/ids/<id>, as metadata::broker_id_node writes it; none where
// the text says none. What others wrote there is read as far as it is understood.
std::vector<NodeEndpoint> endpoints_in_node(std::string_view node);

}  // namespace odradek::broker
