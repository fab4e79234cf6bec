// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

// The flags of a command, in the forms that Kafka's tools take: `--name value`, `--name=value`,
// `-name value`, and one-letter names (`-t value`).
namespace odradek::cli {

enum class Arity : std::uint8_t {
  kNone,
  kOptional,  // the next argument is the value unless it looks like a flag
  kRequired,
  kMany,  // one or more: every argument up to the next flag
};

// Which library's manners Kafka's tool has: they differ in what they refuse, and in the words.
enum class Dialect : std::uint8_t {
  kJopt,
  // A flag may be cut short while that is unambiguous, the last of several values counts, and a
  // value may look like a negative number but not like a flag.
  kArgparse,
  // kJopt, but the beginning of one flag's name stands for it, as in argparse4j's sub-commands.
  kPrefixes,
};

// One flag, declared in one place for parsing and for the help.
struct FlagSpec {
  std::string_view name;  // without dashes
  Arity arity = Arity::kNone;
  std::string_view value;          // what the help calls the value
  std::string_view help;           // empty: an older form that still works, not listed
  char letter = '\0';              // `-t`; none
  bool repeats = false;            // several values are kept
  std::string_view alias_of = {};  // an older name of another flag
};

class Flags {
 public:
  bool has(std::string_view name) const { return values_.contains(name); }
  // The value given; nothing where the flag is missing or stands without one.
  std::optional<std::string> value(std::string_view name) const;
  std::string value_or(std::string_view name, std::string_view otherwise) const;
  std::vector<std::string> values(std::string_view name) const;
  // The names of the flags in the order of the line, as often as each was given.
  const std::vector<std::string>& names() const { return names_; }
  // An INVALID_REQUEST unless the value is a whole number within the bounds.
  [[nodiscard]] base::Result<std::optional<std::int64_t>> number(
      std::string_view name, std::int64_t min = INT64_MIN, std::int64_t max = INT64_MAX) const;

  // What was on the line and is no flag, in order.
  const std::vector<std::string>& arguments() const { return arguments_; }

  void set(std::string_view name, std::optional<std::string> value);
  void forget(std::string_view name) { values_.erase(std::string(name)); }
  void add_argument(std::string argument) { arguments_.push_back(std::move(argument)); }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::vector<std::string> names_;
  std::vector<std::string> arguments_;
};

// An INVALID_REQUEST names the flag that is not known, and the nearest one that is.
[[nodiscard]] base::Result<Flags> parse_flags(std::span<const FlagSpec> specs,
                                              const std::vector<std::string>& arguments,
                                              Dialect dialect = Dialect::kJopt);

// The name among `names` that `word` was probably meant for; empty if none is near.
std::string_view nearest_name(std::string_view word, std::span<const std::string_view> names);

}  // namespace odradek::cli
