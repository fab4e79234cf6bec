// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace odradek::net {

// What became of one request.
struct Outcome {
  enum class Kind : std::uint8_t {
    kPending,
    kAnswered,   // with `response`, which is empty where the request has no answer
    kClose,      // after `response`
    kAbandoned,  // nobody will answer: close
  };

  Kind kind = Kind::kPending;
  base::OutputChain response;
  std::string reason;  // for closing
};

}  // namespace odradek::net
