// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.h"

namespace odradek::quorum::zookeeper {

// `zookeeper.connect` in its parts.
struct ConnectString {
  // host:port,host:port…, each with its port.
  std::string servers;
  // The path below which everything lies; empty for the root.
  std::string chroot;

  // As the C client takes it: an address of IPv6 without its brackets.
  std::string servers_of_client() const;

  friend bool operator==(const ConnectString&, const ConnectString&) = default;
};

// HOST[:PORT][,HOST[:PORT]…][/CHROOT]; without a port it is 2181; blanks around a server are
// dropped, an IPv6 address stands in brackets. INVALID_CONFIG names what is wrong.
[[nodiscard]] base::Result<ConnectString> parse_connect_string(const std::string& text);

}  // namespace odradek::quorum::zookeeper
