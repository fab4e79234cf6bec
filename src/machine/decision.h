// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

// The pattern of the deciders: a machine looks at its state and a request and decides, it does
// nothing itself. What is decided is records, which change the state once they are in a journal and
// replayed, and a reply, which is given once they are committed. The same state, request and time
// decide the same.
namespace odradek::machine {

template <typename Record, typename Reply>
struct Decision {
  std::vector<Record> records;
  Reply reply;
};

}  // namespace odradek::machine
