// SPDX-License-Identifier: Apache-2.0
#include "cli/flags.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>

namespace odradek::cli {
namespace {

constexpr std::size_t kNearEdits = 3;

// Levenshtein's distance.
std::size_t edits_between(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  for (std::size_t i = 0; i <= right.size(); ++i) row[i] = i;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[right.size()];
}

std::unexpected<base::Error> bad(std::string message) {
  return base::fail(base::ErrorCode::kInvalidRequest, std::move(message));
}

const FlagSpec* find(std::span<const FlagSpec> specs, std::string_view name) {
  const auto found = std::ranges::find_if(specs, [&](const FlagSpec& spec) {
    return spec.name == name || (name.size() == 1 && spec.letter == name[0]);
  });
  return found == specs.end() ? nullptr : &*found;
}

bool looks_like_flag(const std::string& argument) {
  return argument.size() > 1 && argument[0] == '-';
}

std::unexpected<base::Error> unknown_flag(std::span<const FlagSpec> specs, std::string_view name) {
  std::vector<std::string_view> names;
  for (const FlagSpec& spec : specs) {
    if (!spec.help.empty()) names.push_back(spec.name);
  }
  const std::string_view nearest = nearest_name(name, names);
  std::string message = fmt::format("{} is not a recognized option", name);
  if (name == "zookeeper" && find(specs, "bootstrap-server") != nullptr) {
    message +=
        "\nThis tool asks servers only, as Kafka's since version 4: name them with "
        "--bootstrap-server host:port.";
  } else if (!nearest.empty()) {
    message += fmt::format("\nThe nearest one is --{}.", nearest);
  }
  return bad(std::move(message));
}

bool is_negative_number(std::string_view argument) {
  return argument.size() > 1 && argument[0] == '-' &&
         argument.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

class Parser {
 public:
  Parser(std::span<const FlagSpec> specs, const std::vector<std::string>& arguments,
         Dialect dialect)
      : specs_(specs),
        arguments_(arguments),
        is_argparse_(dialect == Dialect::kArgparse),
        takes_prefixes_(dialect != Dialect::kJopt) {}

  base::Result<Flags> run() {
    while (next_ < arguments_.size()) {
      const std::string& argument = arguments_[next_++];
      if (argument == "--") {
        while (next_ < arguments_.size()) flags_.add_argument(arguments_[next_++]);
      } else if (!is_flag(argument)) {
        flags_.add_argument(argument);
      } else if (auto taken = take(argument); !taken) {
        return base::fail(std::move(taken));
      }
    }
    return std::move(flags_);
  }

 private:
  bool is_flag(const std::string& argument) const {
    return looks_like_flag(argument) && !(is_argparse_ && is_negative_number(argument));
  }

  base::Result<> take(const std::string& argument) {
    std::string_view name = argument;
    name.remove_prefix(name.starts_with("--") ? 2 : 1);
    std::optional<std::string> value;
    if (const auto equals = name.find('='); equals != std::string_view::npos) {
      value = name.substr(equals + 1);
      name = name.substr(0, equals);
    }
    auto found = find_spec(name, argument);
    if (!found) return base::fail(std::move(found));
    const FlagSpec& spec = **found;
    if (spec.arity == Arity::kNone && value) {
      return bad(is_argparse_
                     ? fmt::format("argument --{}: ignore implicit argument '{}'", name, *value)
                     : fmt::format("Option {} takes no value, but was given '{}'", name, *value));
    }
    if (!value) take_next(spec, value);
    if (takes_value(spec) && !value) {
      if (!is_argparse_) return bad(fmt::format("Option {} requires an argument", name));
      return bad(fmt::format("argument --{}: expected {}", spec.name,
                             spec.arity == Arity::kMany ? "1 argument(s)" : "one argument"));
    }
    if (!spec.repeats && !is_argparse_ && value && flags_.value(spec.name)) {
      return bad(fmt::format("Found multiple arguments for option {}, but you asked for only one",
                             spec.name));
    }
    if (is_argparse_ && spec.arity == Arity::kMany) flags_.forget(spec.name);
    flags_.set(spec.name, std::move(value));
    if (spec.arity == Arity::kMany) take_rest(spec);
    return {};
  }

  base::Result<const FlagSpec*> find_spec(std::string_view name, const std::string& argument) {
    const FlagSpec* spec = find(specs_, name);
    if (spec == nullptr && takes_prefixes_) {
      std::vector<const FlagSpec*> matches;
      for (const FlagSpec& each : specs_) {
        if (argument.starts_with("--") && each.name.starts_with(name)) matches.push_back(&each);
      }
      if (matches.size() > 1 && is_argparse_) return ambiguous(argument, std::move(matches));
      if (matches.size() == 1) spec = matches[0];
    }
    if (spec == nullptr) {
      auto unknown = unknown_flag(specs_, name);
      if (!is_argparse_) return unknown;
      const std::string& said = unknown.error().message;
      return bad(fmt::format("unrecognized arguments: '{}'{}", argument,
                             said.substr(std::min(said.find('\n'), said.size()))));
    }
    return spec->alias_of.empty() ? spec : find(specs_, spec->alias_of);
  }

  static std::unexpected<base::Error> ambiguous(const std::string& argument,
                                                std::vector<const FlagSpec*> matches) {
    std::ranges::sort(matches, {}, &FlagSpec::name);
    std::string names;
    for (const FlagSpec* match : matches) {
      names += fmt::format("{}--{}", names.empty() ? "" : ", ", match->name);
    }
    return bad(fmt::format("ambiguous option: {} could match {}", argument, names));
  }

  static bool takes_value(const FlagSpec& spec) {
    return spec.arity == Arity::kRequired || spec.arity == Arity::kMany;
  }

  void take_next(const FlagSpec& spec, std::optional<std::string>& value) {
    if (spec.arity == Arity::kNone || next_ == arguments_.size()) return;
    const bool may_look_like_flag = spec.arity == Arity::kRequired && !is_argparse_;
    if (!may_look_like_flag && looks_like_flag(arguments_[next_]) &&
        !is_negative_number(arguments_[next_])) {
      return;
    }
    value = arguments_[next_++];
  }

  void take_rest(const FlagSpec& spec) {
    while (next_ < arguments_.size() && !is_flag(arguments_[next_])) {
      flags_.set(spec.name, arguments_[next_++]);
    }
  }

  std::span<const FlagSpec> specs_;
  const std::vector<std::string>& arguments_;
  const bool is_argparse_;
  const bool takes_prefixes_;
  std::size_t next_ = 0;
  Flags flags_;
};

}  // namespace

std::optional<std::string> Flags::value(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end() || found->second.empty()) return std::nullopt;
  return found->second.back();
}

std::string Flags::value_or(std::string_view name, std::string_view otherwise) const {
  auto given = value(name);
  return given ? *std::move(given) : std::string(otherwise);
}

std::vector<std::string> Flags::values(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

base::Result<std::optional<std::int64_t>> Flags::number(std::string_view name, std::int64_t min,
                                                        std::int64_t max) const {
  const auto given = value(name);
  if (!given) return std::nullopt;
  std::string_view digits = *given;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || number < min ||
      number > max) {
    return bad(fmt::format("Cannot parse argument '{}' of option {}", *given, name));
  }
  return number;
}

void Flags::set(std::string_view name, std::optional<std::string> value) {
  names_.emplace_back(name);
  auto& values = values_[std::string(name)];
  if (value) values.push_back(*std::move(value));
}

base::Result<Flags> parse_flags(std::span<const FlagSpec> specs,
                                const std::vector<std::string>& arguments, Dialect dialect) {
  return Parser(specs, arguments, dialect).run();
}

std::string_view nearest_name(std::string_view word, std::span<const std::string_view> names) {
  std::string_view nearest;
  std::size_t fewest = std::min(kNearEdits, word.size() / 2 + 1) + 1;
  for (const std::string_view name : names) {
    // What the word begins, it was probably meant for.
    const bool begins = word.size() > 2 && name.starts_with(word);
    const std::size_t edits = begins ? 1 : edits_between(word, name);
    if (edits < fewest) {
      fewest = edits;
      nearest = name;
    }
  }
  return nearest;
}

}  // namespace odradek::cli
