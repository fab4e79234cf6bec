// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/describe_acls.h"

#include <utility>

#include "broker/api/acl_elements.h"
#include "broker/api/apis.h"

namespace odradek::broker::api {

using wire::DescribeAclsRequest;
using wire::DescribeAclsResponse;

// There is no authorizer, so there are no access control lists.
void handle_describe_acls(Services& /*services*/, DescribeAclsRequest request,
                          Responder<DescribeAclsResponse> responder) {
  if (has_unknown({request.resource_type_filter, request.pattern_type_filter, request.operation,
                   request.permission_type})) {
    responder.close_connection(kUnknownElement);
    return;
  }
  DescribeAclsResponse response;
  response.error_code = base::ErrorCode::kSecurityDisabled;
  response.error_message = "No Authorizer is configured on the broker";
  responder.send(response);
}

}  // namespace odradek::broker::api
