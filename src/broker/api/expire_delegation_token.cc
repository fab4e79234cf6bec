// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/expire_delegation_token.h"

#include <utility>

#include "broker/api/apis.h"
#include "broker/api/delegation_tokens.h"

namespace odradek::broker::api {

using wire::ExpireDelegationTokenRequest;
using wire::ExpireDelegationTokenResponse;

void handle_expire_delegation_token(Services& /*services*/,
                                    ExpireDelegationTokenRequest /*request*/,
                                    Responder<ExpireDelegationTokenResponse> responder) {
  ExpireDelegationTokenResponse response;
  response.error_code = base::ErrorCode::kDelegationTokenRequestNotAllowed;
  response.expiry_timestamp_ms = kNoTokenTime;
  responder.send(response);
}

}  // namespace odradek::broker::api
