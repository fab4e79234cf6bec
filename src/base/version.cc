// SPDX-License-Identifier: Apache-2.0
#include "base/version.h"

namespace odradek::base {

std::string_view odradek_version() { return ODRADEK_VERSION; }

}  // namespace odradek::base
