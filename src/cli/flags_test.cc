// SPDX-License-Identifier: Apache-2.0
#include "cli/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace odradek::cli {
namespace {

using enum Arity;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::array kSpecs = {
    FlagSpec{"topic", kRequired, "topic", "A topic.", 't'},
    FlagSpec{"list", kNone, "", "List."},
    FlagSpec{"config", kRequired, "key=value", "A setting.", '\0', true},
    FlagSpec{"state", kOptional, "state", "A state."},
    FlagSpec{"bootstrap-server", kRequired, "server", "The server."},
    FlagSpec{"broker-list", kRequired, "server", "", '\0', false, "bootstrap-server"},
};

Flags parsed(const std::vector<std::string>& arguments) {
  auto flags = parse_flags(kSpecs, arguments);
  EXPECT_TRUE(flags.has_value()) << flags.error().message;
  return flags.value_or(Flags());
}

std::string refusal(const std::vector<std::string>& arguments) {
  auto flags = parse_flags(kSpecs, arguments);
  EXPECT_FALSE(flags.has_value());
  return flags ? "" : flags.error().message;
}

TEST(Flags, EveryFormOfAValue) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"--topic", "a"}, {"--topic=a"}, {"-topic", "a"}, {"-t", "a"}, {"-t=a"}}) {
    EXPECT_EQ(parsed(arguments).value("topic"), "a");
  }
}

TEST(Flags, ARequiredValueMayLookLikeAFlag) {
  EXPECT_EQ(parsed({"--topic", "--list"}).value("topic"), "--list");
  EXPECT_EQ(parsed({"--topic", "-5"}).number("topic").value(), -5);
}

TEST(Flags, AnOptionalValueDoesNot) {
  const Flags flags = parsed({"--state", "--list"});
  EXPECT_TRUE(flags.has("state"));
  EXPECT_EQ(flags.value("state"), std::nullopt);
  EXPECT_TRUE(flags.has("list"));
  EXPECT_EQ(parsed({"--state", "empty"}).value("state"), "empty");
  EXPECT_EQ(parsed({"--state=empty"}).value("state"), "empty");
}

TEST(Flags, OnlyWhatRepeatsIsRepeated) {
  EXPECT_THAT(parsed({"--config", "a=1", "--config=b=2"}).values("config"),
              ElementsAre("a=1", "b=2"));
  EXPECT_THAT(refusal({"--topic", "a", "--topic", "b"}),
              HasSubstr("Found multiple arguments for option topic"));
}

TEST(Flags, AnOlderNameSetsTheFlag) {
  const Flags flags = parsed({"--broker-list", "h:1"});
  EXPECT_EQ(flags.value("bootstrap-server"), "h:1");
  EXPECT_FALSE(flags.has("broker-list"));
}

TEST(Flags, AnUnknownFlagIsNamedWithTheNearest) {
  EXPECT_EQ(refusal({"--topc", "a"}),
            "topc is not a recognized option\nThe nearest one is --topic.");
  EXPECT_EQ(refusal({"--boot"}),
            "boot is not a recognized option\nThe nearest one is --bootstrap-server.");
  EXPECT_EQ(refusal({"--zzzzzz"}), "zzzzzz is not a recognized option");
  // As scripts for Kafka 2 have it.
  EXPECT_EQ(refusal({"--zookeeper", "localhost:2181"}),
            "zookeeper is not a recognized option\nThis tool asks servers only, as Kafka's since "
            "version 4: name them with --bootstrap-server host:port.");
}

TEST(Flags, AnOlderNameIsNotProposed) {
  EXPECT_THAT(refusal({"--broker-lst"}), testing::Not(HasSubstr("--broker-list")));
}

TEST(Flags, MissingAndSurplusValues) {
  EXPECT_EQ(refusal({"--topic"}), "Option topic requires an argument");
  EXPECT_THAT(refusal({"--list=x"}), HasSubstr("takes no value"));
}

TEST(Flags, WordsStayInOrder) {
  EXPECT_THAT(parsed({"one", "--list", "two", "--", "--topic"}).arguments(),
              ElementsAre("one", "two", "--topic"));
}

TEST(Flags, Numbers) {
  EXPECT_EQ(parsed({"--topic", "12"}).number("topic").value(), 12);
  EXPECT_EQ(parsed({}).number("topic").value(), std::nullopt);
  for (const char* text : {"x", "1x", "", "99999999999999999999"}) {
    const auto number = parsed({"--topic", text}).number("topic");
    ASSERT_FALSE(number.has_value()) << text;
    EXPECT_THAT(number.error().message, HasSubstr("of option topic"));
  }
  EXPECT_FALSE(parsed({"--topic", "3"}).number("topic", 4).has_value());
  EXPECT_FALSE(parsed({"--topic", "3"}).number("topic", 0, 2).has_value());
}

TEST(Flags, TheBeginningOfANameWhereToolsTakeIt) {
  const auto topic = [](const std::vector<std::string>& arguments, Dialect dialect) {
    const auto flags = parse_flags(kSpecs, arguments, dialect);
    return flags ? flags->value_or("topic", "") : flags.error().message;
  };
  EXPECT_EQ(topic({"--top", "a"}, Dialect::kPrefixes), "a");
  EXPECT_THAT(topic({"--top", "a"}, Dialect::kJopt), HasSubstr("top is not a recognized option"));
  // bootstrap-server, broker-list
  EXPECT_THAT(topic({"--b", "a"}, Dialect::kPrefixes), HasSubstr("b is not a recognized option"));
}

TEST(Argparse, ItsManners) {
  constexpr std::array kTool = {
      FlagSpec{"num-records", Arity::kRequired, "number", "x", 'n'},
      FlagSpec{"throughput", Arity::kRequired, "number", "x"},
      FlagSpec{"props", Arity::kMany, "key=value", "x", '\0', true},
      FlagSpec{"verbose", Arity::kNone, "", "x"},
      FlagSpec{"version-file", Arity::kRequired, "file", "x"},
  };
  const auto parse = [&](const std::vector<std::string>& arguments) {
    return parse_flags(kTool, arguments, Dialect::kArgparse);
  };
  const auto flags = parse(
      {"--num", "5", "--throughput", "-1", "--props", "a=b", "c=d", "--num-records=6", "-n", "7"});
  ASSERT_TRUE(flags.has_value()) << flags.error().message;
  EXPECT_EQ(flags->value("num-records"), "7");
  EXPECT_EQ(flags->value("throughput"), "-1");
  EXPECT_EQ(flags->values("props"), (std::vector<std::string>{"a=b", "c=d"}));
  EXPECT_EQ(parse({"--ver", "x"}).error().message,
            "ambiguous option: --ver could match --verbose, --version-file");
  EXPECT_EQ(parse({"--num-records", "--verbose"}).error().message,
            "argument --num-records: expected one argument");
  EXPECT_TRUE(
      parse({"--nothing"}).error().message.starts_with("unrecognized arguments: '--nothing'"));
  EXPECT_EQ(parse({"--props", "a", "--props", "b"})->values("props"),
            std::vector<std::string>{"b"});
}

}  // namespace
}  // namespace odradek::cli
