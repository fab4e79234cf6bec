// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/describe_transactions.h"

#include <utility>

#include "broker/api/apis.h"

namespace odradek::broker::api {

using base::ErrorCode;
using wire::DescribeTransactionsRequest;
using wire::DescribeTransactionsResponse;

// No transactional id is known here: transactions are not there yet.
void handle_describe_transactions(Services& /*services*/, DescribeTransactionsRequest request,
                                  Responder<DescribeTransactionsResponse> responder) {
  DescribeTransactionsResponse response;
  for (auto& id : request.transactional_ids) {
    auto& state = response.transaction_states.emplace_back();
    state.error_code =
        id.empty() ? ErrorCode::kInvalidRequest : ErrorCode::kTransactionalIdNotFound;
    state.transactional_id = std::move(id);
    state.producer_id = base::ProducerId(0);
    state.producer_epoch = base::ProducerEpoch(0);
  }
  responder.send(response);
}

}  // namespace odradek::broker::api
