// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"

namespace odradek::wire {

// All bytes of the chain in one block: its only piece, or a copy. For messages that become a field
// of another one. REQUIRES: no range of a file.
base::SharedBytes join_pieces(const base::OutputChain& chain);

}  // namespace odradek::wire
