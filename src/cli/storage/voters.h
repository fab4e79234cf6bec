// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/uuid.h"

// The voters that a quorum begins with (KIP-853): "1@host:9093:JEXY6aqzQY-32P5TStzaFg,...".
namespace odradek::cli {

struct InitialVoter {
  std::string host;
  std::uint16_t port = 0;
  base::Uuid directory_id;
};

using InitialVoters = std::map<std::int32_t, InitialVoter>;

// An INVALID_REQUEST says what is wrong, in Kafka's words.
[[nodiscard]] base::Result<InitialVoters> parse_voters(std::string_view text);

// The value of the control record KRAFT_VOTERS.
base::SharedBytes encode_voters(const InitialVoters& voters, const std::string& listener);

}  // namespace odradek::cli
