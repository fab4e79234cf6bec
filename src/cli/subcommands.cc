// SPDX-License-Identifier: Apache-2.0
#include "cli/subcommands.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "cli/flag_checks.h"
#include "cli/help.h"

namespace odradek::cli {
namespace {

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::count(names, name) > 0;
}

std::unexpected<base::Error> unknown_word(std::string_view word,
                                          std::span<const Subcommand> subcommands) {
  std::string choices;
  for (const Subcommand& subcommand : subcommands) {
    if (!choices.empty()) choices += ", ";
    choices += fmt::format("'{}'", subcommand.name);
  }
  return misuse(fmt::format("invalid choice: '{}' (choose from {})", word, choices));
}

base::Result<> check_flags(const Invocation& invocation, const Subcommand& subcommand,
                           std::span<const std::string_view> common) {
  for (const std::string& name : invocation.flags.names()) {
    if (name == subcommand.name || name == "output" || name == "color") continue;
    if (contains(common, name) || contains(subcommand.required, name) ||
        contains(subcommand.optional, name)) {
      continue;
    }
    return misuse(fmt::format("unrecognized arguments: '--{}'", name));
  }
  for (const std::string_view name : subcommand.required) {
    if (!invocation.flags.has(name)) {
      return misuse(fmt::format("argument {} is required", flag_title(invocation, name)));
    }
  }
  return {};
}

}  // namespace

base::Result<std::string_view> chosen_subcommand(const Invocation& invocation,
                                                 std::span<const Subcommand> subcommands,
                                                 std::span<const std::string_view> common) {
  const auto& words = invocation.flags.arguments();
  const Subcommand* chosen = nullptr;
  for (const Subcommand& subcommand : subcommands) {
    const bool is_named = invocation.is_native ? invocation.flags.has(subcommand.name)
                                               : !words.empty() && words[0] == subcommand.name;
    if (is_named) chosen = &subcommand;
  }
  if (chosen == nullptr) {
    if (words.empty()) return misuse("too few arguments");
    return unknown_word(words[0], subcommands);
  }
  if (!invocation.is_native && words.size() > 1) {
    return misuse(fmt::format("unrecognized arguments: '{}'", words[1]));
  }
  if (auto ok = check_flags(invocation, *chosen, common); !ok) return base::fail(std::move(ok));
  return chosen->name;
}

std::string flag_title(const Invocation& invocation, std::string_view name) {
  const auto& flags = invocation.command.flags;
  const auto found = std::ranges::find(flags, name, &FlagSpec::name);
  // Kafka's tools have no -b, but for one.
  const bool is_ours = name == "bootstrap-server" && invocation.command.name != "cluster";
  if (found == flags.end() || found->letter == '\0' || is_ours) return fmt::format("--{}", name);
  return fmt::format("--{}/-{}", name, found->letter);
}

base::Result<std::int32_t> integer_of(const Invocation& invocation, std::string_view name) {
  const std::string text = invocation.flags.value_or(name, "");
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  std::int32_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error == std::errc() && end == digits.data() + digits.size()) return number;
  return misuse(
      fmt::format("argument {}: could not convert '{}' to Integer (For input string: \"{}\")",
                  flag_title(invocation, name), text, text));
}

std::string in_argparse_words(const Invocation& invocation, std::string_view message) {
  constexpr std::string_view kUnknown = " is not a recognized option";
  constexpr std::string_view kOption = "Option ";
  constexpr std::string_view kNeedsValue = " requires an argument";
  const std::string_view line = message.substr(0, message.find('\n'));
  if (line.ends_with(kUnknown)) {
    return fmt::format("unrecognized arguments: '--{}'{}",
                       line.substr(0, line.size() - kUnknown.size()), message.substr(line.size()));
  }
  if (line.starts_with(kOption) && line.ends_with(kNeedsValue)) {
    const auto name =
        line.substr(kOption.size(), line.size() - kOption.size() - kNeedsValue.size());
    return fmt::format("argument {}: expected one argument", flag_title(invocation, name));
  }
  return std::string(message);
}

int argparse_error(const Invocation& invocation, std::string_view message) {
  const std::string text = in_argparse_words(invocation, message);
  if (invocation.is_native) return usage_error(invocation, text);
  return usage_error(invocation, fmt::format("{}: error: {}", invocation.called_as, text));
}

int terse_failure(const Invocation& invocation, std::string_view message) {
  if (invocation.is_native) return failure(invocation, message);
  fmt::print(stderr, "{}\n", message);
  return 1;
}

}  // namespace odradek::cli
