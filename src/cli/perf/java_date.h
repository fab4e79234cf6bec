// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"

namespace odradek::cli {

// Times of day in the local time zone by a pattern of java.text.SimpleDateFormat: letters y M d H h
// m s S a E D z Z X, 'quoted text', '' for a quote.
class JavaDate {
 public:
  // An INVALID_REQUEST names a letter that is not known, in Java's words.
  [[nodiscard]] static base::Result<JavaDate> make(std::string_view pattern);

  std::string format(base::Timestamp time) const;

 private:
  explicit JavaDate(std::string_view pattern) : pattern_(pattern) {}

  std::string pattern_;
};

}  // namespace odradek::cli
