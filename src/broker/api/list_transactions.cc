// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/list_transactions.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "broker/api/apis.h"

namespace odradek::broker::api {
namespace {

using wire::ListTransactionsRequest;
using wire::ListTransactionsResponse;

// The states that a transaction goes through.
constexpr std::array<std::string_view, 8> kStates = {
    "Empty",          "Ongoing",       "PrepareCommit", "PrepareAbort",
    "CompleteCommit", "CompleteAbort", "Dead",          "PrepareEpochFence"};

bool is_expression(const std::string& pattern) { return RE2(pattern, RE2::Quiet).ok(); }

}  // namespace

// Nothing to list: transactions are not there yet. What is asked is checked all the same.
void handle_list_transactions(Services& /*services*/, ListTransactionsRequest request,
                              Responder<ListTransactionsResponse> responder) {
  ListTransactionsResponse response;
  const auto& pattern = request.transactional_id_pattern;
  if (pattern && !pattern->empty() && !is_expression(*pattern)) {
    response.error_code = base::ErrorCode::kInvalidRegularExpression;
    responder.send(response);
    return;
  }
  for (const std::string& state : request.state_filters) {
    const bool is_known = std::ranges::find(kStates, state) != kStates.end();
    if (!is_known) response.unknown_state_filters.push_back(state);
  }
  responder.send(response);
}

}  // namespace odradek::broker::api
