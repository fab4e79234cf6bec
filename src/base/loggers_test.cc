// SPDX-License-Identifier: Apache-2.0
#include "base/loggers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/log.h"

namespace odradek::base::log {
namespace {

std::string level_of(std::string_view name) {
  const auto all = loggers();
  const auto found = std::ranges::find(all, name, &Logger::name);
  return found == all.end() ? "none" : std::string(found->level);
}

// What reaches standard error; each test leaves the loggers as it found them.
class Loggers : public ::testing::Test {
 protected:
  void SetUp() override { set_logger_level(kRootLogger, "INFO"); }
  void TearDown() override {
    set_logger_level(kRootLogger, "INFO");
    unset_logger_level("net");
  }

  bool is_written(Level level, std::string_view area) {
    ::testing::internal::CaptureStderr();
    write(level, area, "a line");
    return !::testing::internal::GetCapturedStderr().empty();
  }
};

TEST_F(Loggers, OneHasTheRootsLevelUntilItIsGivenOne) {
  EXPECT_EQ(level_of("net"), "INFO");
  set_logger_level(kRootLogger, "WARN");
  EXPECT_EQ(level_of("net"), "WARN");
  set_logger_level("net", "DEBUG");
  EXPECT_EQ(level_of("net"), "DEBUG");
  EXPECT_EQ(level_of("log"), "WARN");
  unset_logger_level("net");
  EXPECT_EQ(level_of("net"), "WARN");
}

TEST_F(Loggers, KafkasNameIsTheSameLogger) {
  set_logger_level("kafka.network", "ERROR");
  EXPECT_EQ(level_of("net"), "ERROR");
  unset_logger_level("kafka.network");
  EXPECT_EQ(level_of("net"), "INFO");
}

TEST_F(Loggers, TheLevelDecidesWhatIsWritten) {
  EXPECT_TRUE(is_written(Level::kInfo, "net"));
  set_logger_level("net", "ERROR");
  EXPECT_FALSE(is_written(Level::kWarn, "net"));
  EXPECT_TRUE(is_written(Level::kError, "net"));
  EXPECT_TRUE(is_written(Level::kInfo, "log"));
  set_logger_level("net", "FATAL");
  EXPECT_FALSE(is_written(Level::kError, "net"));
  set_logger_level("net", "DEBUG");
  EXPECT_TRUE(enabled(Level::kDebug));
  EXPECT_TRUE(is_written(Level::kDebug, "net"));
  EXPECT_FALSE(is_written(Level::kDebug, "log"));
}

TEST_F(Loggers, NamesAreKnownOrNot) {
  EXPECT_TRUE(is_logger("root"));
  EXPECT_TRUE(is_logger("kafka.controller"));
  EXPECT_FALSE(is_logger("no.such.logger"));
  EXPECT_TRUE(is_level_name("TRACE"));
  EXPECT_FALSE(is_level_name("info"));
}

}  // namespace
}  // namespace odradek::base::log
