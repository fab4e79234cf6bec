// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace odradek::cli {

// A regular expression over topic names, as Kafka's tools take it: commas separate alternatives,
// white space and surrounding quotes do not count, and the whole name must match.
class NamePattern {
 public:
  // An INVALID_REQUEST where the expression is not one.
  [[nodiscard]] static base::Result<NamePattern> parse(std::string_view text);
  NamePattern(NamePattern&&) noexcept;
  NamePattern& operator=(NamePattern&&) noexcept;
  ~NamePattern();

  bool matches(std::string_view name) const;
  // What is matched against, without the tools' additions.
  const std::string& expression() const;

 private:
  struct Compiled;
  explicit NamePattern(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

// Whether the topic is one of Kafka's own (`__consumer_offsets` and its like).
bool is_internal_topic(std::string_view name);

}  // namespace odradek::cli
