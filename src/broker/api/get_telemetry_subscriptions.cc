// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/get_telemetry_subscriptions.h"

#include <utility>

#include "broker/api/apis.h"
#include "broker/api/telemetry_client.h"

namespace odradek::broker::api {

using wire::GetTelemetrySubscriptionsRequest;
using wire::GetTelemetrySubscriptionsResponse;

void handle_get_telemetry_subscriptions(Services& services,
                                        GetTelemetrySubscriptionsRequest request,
                                        Responder<GetTelemetrySubscriptionsResponse> responder) {
  base::Uuid id = request.client_instance_id;
  if (id.is_zero()) {
    env::Random& random = services.world.random();
    const std::uint64_t high = random.next();
    id = base::Uuid::from_random(high, random.next());
  }
  GetTelemetrySubscriptionsResponse response;
  TelemetrySubscription subscription;
  response.error_code = services.telemetry.subscribe(
      *services.image.load(), telemetry_client(responder.context(), id),
      services.world.clock().monotonic(), subscription);
  if (response.error_code == base::ErrorCode::kNone) {
    response.client_instance_id = id;
    response.subscription_id = subscription.id;
    response.accepted_compression_types = {4, 3, 1, 2};  // zstd, lz4, gzip, snappy
    response.push_interval_ms = subscription.push_interval_ms;
    response.telemetry_max_bytes = static_cast<std::int32_t>(services.telemetry.max_bytes());
    response.delta_temporality = true;
    response.requested_metrics = {subscription.metrics.begin(), subscription.metrics.end()};
  }
  responder.send(response);
}

}  // namespace odradek::broker::api
