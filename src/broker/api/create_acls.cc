// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/create_acls.h"

#include <utility>

#include "broker/api/acl_elements.h"
#include "broker/api/apis.h"

namespace odradek::broker::api {

using wire::CreateAclsRequest;
using wire::CreateAclsResponse;

// There is no authorizer: every creation is refused.
void handle_create_acls(Services& /*services*/, CreateAclsRequest request,
                        Responder<CreateAclsResponse> responder) {
  CreateAclsResponse response;
  for (const auto& creation : request.creations) {
    if (has_unknown({creation.resource_type, creation.resource_pattern_type, creation.operation,
                     creation.permission_type})) {
      responder.close_connection(kUnknownElement);
      return;
    }
    response.results.push_back(
        {base::ErrorCode::kSecurityDisabled, "No Authorizer is configured."});
  }
  responder.send(response);
}

}  // namespace odradek::broker::api
