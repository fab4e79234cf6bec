// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/describe_client_quotas.h"

#include <utility>

#include "broker/api/apis.h"
#include "metadata/controller/clients.h"

namespace odradek::broker::api {

using wire::DescribeClientQuotasRequest;
using wire::DescribeClientQuotasResponse;

void handle_describe_client_quotas(Services& services, DescribeClientQuotasRequest request,
                                   Responder<DescribeClientQuotasResponse> responder) {
  responder.send(metadata::describe_client_quotas(*services.image.load(), request));
}

}  // namespace odradek::broker::api
