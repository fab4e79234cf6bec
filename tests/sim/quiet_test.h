// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/log.h"

namespace odradek::sim_test {

// Without the simulated brokers' logs, unless ODRADEK_TEST_LOG asks for them.
class QuietTest : public testing::Test {
 protected:
  QuietTest() {
    if (std::getenv("ODRADEK_TEST_LOG") == nullptr) base::log::set_level(base::log::Level::kOff);
  }
  ~QuietTest() override { base::log::set_level(base::log::Level::kInfo); }
};

}  // namespace odradek::sim_test
