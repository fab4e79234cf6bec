// SPDX-License-Identifier: Apache-2.0
// The main of the unit tests. The server's log is off, so that a failure can be read among what
// the tests provoke on purpose; with ODRADEK_TEST_LOG in the environment it is on.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/log.h"

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  namespace log = odradek::base::log;
  if (std::getenv("ODRADEK_TEST_LOG") == nullptr) log::set_level(log::Level::kOff);
  return RUN_ALL_TESTS();
}
