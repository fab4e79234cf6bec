// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/delete_acls.h"

#include <utility>

#include "broker/api/acl_elements.h"
#include "broker/api/apis.h"

namespace odradek::broker::api {

using wire::DeleteAclsRequest;
using wire::DeleteAclsResponse;

// There is no authorizer: every filter is refused.
void handle_delete_acls(Services& /*services*/, DeleteAclsRequest request,
                        Responder<DeleteAclsResponse> responder) {
  DeleteAclsResponse response;
  for (const auto& filter : request.filters) {
    if (has_unknown({filter.resource_type_filter, filter.pattern_type_filter, filter.operation,
                     filter.permission_type})) {
      responder.close_connection(kUnknownElement);
      return;
    }
    auto& result = response.filter_results.emplace_back();
    result.error_code = base::ErrorCode::kSecurityDisabled;
    result.error_message = "No Authorizer is configured.";
  }
  responder.send(response);
}

}  // namespace odradek::broker::api
