// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "broker/request.h"
#include "coordinator/group/group_machine.h"

namespace odradek::broker::api {

// Who asks, as groups know members: the client id, and the host with Java's leading slash.
inline coordinator::group::Caller group_caller(const RequestContext& context,
                                               coordinator::group::ReplyToken token) {
  return {token, context.version, context.client_id.value_or(""),
          '/' + context.connection->peer.host};
}

}  // namespace odradek::broker::api
