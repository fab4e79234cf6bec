// SPDX-License-Identifier: Apache-2.0
#include "base/error_code.h"

namespace odradek::base {

std::string_view error_name(ErrorCode code) {
  switch (code) {
#define ODRADEK_NAME(enumerator, name, number, retriable) \
  case ErrorCode::enumerator:                             \
    return #name;
    ODRADEK_ERROR_CODES(ODRADEK_NAME)
#undef ODRADEK_NAME
  }
  return "UNKNOWN_SERVER_ERROR";
}

bool is_retriable(ErrorCode code) {
  switch (code) {
#define ODRADEK_RETRIABLE(enumerator, name, number, retriable) \
  case ErrorCode::enumerator:                                  \
    return retriable;
    ODRADEK_ERROR_CODES(ODRADEK_RETRIABLE)
#undef ODRADEK_RETRIABLE
  }
  return false;
}

}  // namespace odradek::base
