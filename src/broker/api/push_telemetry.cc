// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/push_telemetry.h"

#include <utility>

#include "broker/api/apis.h"
#include "broker/api/telemetry_client.h"

namespace odradek::broker::api {
namespace {

// Ids that no client can have: none, and the one that Kafka keeps for itself.
bool is_reserved(const base::Uuid& id) {
  return id.is_zero() || id.to_string() == "AAAAAAAAAAAAAAAAAAAAAQ";
}

}  // namespace

using wire::PushTelemetryRequest;
using wire::PushTelemetryResponse;

// What fits its subscription is taken and dropped: nothing here looks at clients' metrics.
void handle_push_telemetry(Services& services, PushTelemetryRequest request,
                           Responder<PushTelemetryResponse> responder) {
  PushTelemetryResponse response;
  if (is_reserved(request.client_instance_id)) {
    response.error_code = base::ErrorCode::kInvalidRequest;
    responder.send(response);
    return;
  }
  const TelemetryPush push{request.subscription_id, request.compression_type,
                           request.metrics.size(), request.terminating};
  response.error_code = services.telemetry.push(
      *services.image.load(), telemetry_client(responder.context(), request.client_instance_id),
      push, services.world.clock().monotonic());
  responder.send(response);
}

}  // namespace odradek::broker::api
