// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/create_delegation_token.h"

#include <utility>

#include "broker/api/apis.h"
#include "broker/api/delegation_tokens.h"

namespace odradek::broker::api {

using wire::CreateDelegationTokenRequest;
using wire::CreateDelegationTokenResponse;

namespace {

// The response names the requester beside the owner from here on (KIP-373).
constexpr wire::Version kRequesterVersion = 3;

}  // namespace

// Refused as on every connection that authenticates nobody; the answer names who would have owned
// the token.
void handle_create_delegation_token(Services& /*services*/, CreateDelegationTokenRequest request,
                                    Responder<CreateDelegationTokenResponse> responder) {
  CreateDelegationTokenResponse response;
  response.error_code = base::ErrorCode::kDelegationTokenRequestNotAllowed;
  if (responder.context().version >= kRequesterVersion) {
    response.token_requester_principal_type = kAnonymousType;
    response.token_requester_principal_name = kAnonymousName;
  }
  const bool names_owner = request.owner_principal_name && !request.owner_principal_name->empty();
  response.principal_type =
      names_owner ? request.owner_principal_type.value_or("") : std::string(kAnonymousType);
  response.principal_name = names_owner ? *request.owner_principal_name : kAnonymousName;
  response.issue_timestamp_ms = kNoTokenTime;
  response.expiry_timestamp_ms = kNoTokenTime;
  response.max_timestamp_ms = kNoTokenTime;
  responder.send(response);
}

}  // namespace odradek::broker::api
