// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/describe_delegation_token.h"

#include <utility>

#include "broker/api/apis.h"
#include "broker/api/delegation_tokens.h"

namespace odradek::broker::api {

using wire::DescribeDelegationTokenRequest;
using wire::DescribeDelegationTokenResponse;

void handle_describe_delegation_token(Services& /*services*/,
                                      DescribeDelegationTokenRequest /*request*/,
                                      Responder<DescribeDelegationTokenResponse> responder) {
  DescribeDelegationTokenResponse response;
  response.error_code = base::ErrorCode::kDelegationTokenRequestNotAllowed;
  responder.send(response);
}

}  // namespace odradek::broker::api
