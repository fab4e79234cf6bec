// SPDX-License-Identifier: Apache-2.0
#include "env/network.h"

namespace odradek::env {

std::string Address::to_string() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

}  // namespace odradek::env
