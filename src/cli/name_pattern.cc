// SPDX-License-Identifier: Apache-2.0
// With sanitizers g++ 12 sees uninitialised members in std::regex where there are none.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "cli/name_pattern.h"

#include <fmt/core.h>

#include <algorithm>
#include <regex>

namespace odradek::cli {

struct NamePattern::Compiled {
  std::string expression;
  std::regex regex;
};

NamePattern::NamePattern(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
NamePattern::NamePattern(NamePattern&&) noexcept = default;
NamePattern& NamePattern::operator=(NamePattern&&) noexcept = default;
NamePattern::~NamePattern() = default;

base::Result<NamePattern> NamePattern::parse(std::string_view text) {
  auto compiled = std::make_unique<Compiled>();
  std::string& expression = compiled->expression;
  std::ranges::copy_if(text, std::back_inserter(expression),
                       [](char c) { return c != ' ' && c != '\t'; });
  std::ranges::replace(expression, ',', '|');
  const auto is_quote = [](char c) { return c == '"' || c == '\''; };
  while (!expression.empty() && is_quote(expression.front())) expression.erase(0, 1);
  while (!expression.empty() && is_quote(expression.back())) expression.pop_back();
  try {
    compiled->regex.assign(expression, std::regex::ECMAScript | std::regex::optimize);
  } catch (const std::regex_error&) {
    return base::fail(base::ErrorCode::kInvalidRequest,
                      fmt::format("{} is an invalid regex.", expression));
  }
  return NamePattern(std::move(compiled));
}

bool NamePattern::matches(std::string_view name) const {
  try {
    return std::regex_match(name.begin(), name.end(), compiled_->regex);
  } catch (const std::regex_error&) {
    return false;  // it asks for more steps than there may be
  }
}

const std::string& NamePattern::expression() const { return compiled_->expression; }

bool is_internal_topic(std::string_view name) {
  return name == "__consumer_offsets" || name == "__transaction_state" ||
         name == "__share_group_state";
}

}  // namespace odradek::cli
