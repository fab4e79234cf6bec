// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/describe_user_scram_credentials.h"

#include <utility>

#include "broker/api/apis.h"
#include "metadata/controller/clients.h"

namespace odradek::broker::api {

using wire::DescribeUserScramCredentialsRequest;
using wire::DescribeUserScramCredentialsResponse;

void handle_describe_user_scram_credentials(
    Services& services, DescribeUserScramCredentialsRequest request,
    Responder<DescribeUserScramCredentialsResponse> responder) {
  responder.send(metadata::describe_scram_credentials(*services.image.load(), request));
}

}  // namespace odradek::broker::api
