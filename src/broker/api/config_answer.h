// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"

namespace odradek::broker::api {

// Gives every resource that would have been changed the error because of which nothing was
// committed; where nothing was even decided, all that were asked for.
template <typename Request, typename Response>
void answer_uncommitted(const Request& asked, Response& response, const base::Result<>& committed) {
  if (committed) return;
  if (response.responses.empty()) {
    for (const auto& resource : asked.resources) {
      auto& result = response.responses.emplace_back();
      result.resource_type = resource.resource_type;
      result.resource_name = resource.resource_name;
    }
  }
  for (auto& result : response.responses) {
    if (result.error_code != base::ErrorCode::kNone) continue;
    result.error_code = committed.error().code;
    result.error_message = committed.error().message;
  }
}

}  // namespace odradek::broker::api
