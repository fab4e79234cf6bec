// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/renew_delegation_token.h"

#include <utility>

#include "broker/api/apis.h"
#include "broker/api/delegation_tokens.h"

namespace odradek::broker::api {

using wire::RenewDelegationTokenRequest;
using wire::RenewDelegationTokenResponse;

void handle_renew_delegation_token(Services& /*services*/, RenewDelegationTokenRequest /*request*/,
                                   Responder<RenewDelegationTokenResponse> responder) {
  RenewDelegationTokenResponse response;
  response.error_code = base::ErrorCode::kDelegationTokenRequestNotAllowed;
  response.expiry_timestamp_ms = kNoTokenTime;
  responder.send(response);
}

}  // namespace odradek::broker::api
