// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string>
#include <utility>

#include "base/error_code.h"

namespace odradek::base {

// What went wrong: Kafka's error code, and a sentence that names the value and what is allowed. An
// empty message means that the code says it all.
struct Error {
  ErrorCode code = ErrorCode::kUnknownServerError;
  std::string message;
  // errno, where a call of the operating system failed; else 0.
  int os_error = 0;

  friend bool operator==(const Error&, const Error&) = default;
};

// A function that returns one is marked [[nodiscard]].
template <typename T = void>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorCode code, std::string message = {}) {
  return std::unexpected(Error{code, std::move(message), 0});
}
inline std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }
// Passes the error of `result` on as another Result's.
template <typename T>
inline std::unexpected<Error> fail(std::expected<T, Error>&& result) {
  return std::unexpected(std::move(result).error());
}

}  // namespace odradek::base
