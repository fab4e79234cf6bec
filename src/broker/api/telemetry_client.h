// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/uuid.h"
#include "broker/request.h"
#include "broker/runtime/client_telemetry.h"

namespace odradek::broker::api {

// Who sends the request, as subscriptions to client metrics know it.
inline TelemetryClient telemetry_client(const RequestContext& context, const base::Uuid& id) {
  TelemetryClient client;
  client.instance_id = id;
  client.client_id = context.client_id;
  client.software_name = context.software->name;
  client.software_version = context.software->version;
  client.source_address = context.connection->peer.host;
  client.source_port = context.connection->peer.port;
  client.connection_id = context.connection->id;
  return client;
}

}  // namespace odradek::broker::api
