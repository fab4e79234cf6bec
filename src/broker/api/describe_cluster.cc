// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/describe_cluster.h"

#include <fmt/core.h>

#include <utility>

#include "broker/api/apis.h"
#include "broker/api/authorized_operations.h"
#include "broker/api/cluster_view.h"

namespace odradek::broker::api {
namespace {

using base::ErrorCode;
using wire::DescribeClusterRequest;
using wire::DescribeClusterResponse;

constexpr std::int8_t kBrokerEndpoint = 1;
constexpr std::int8_t kControllerEndpoint = 2;

base::Result<> check_endpoint_type(std::int8_t type) {
  if (type == kBrokerEndpoint) return {};
  if (type == kControllerEndpoint) {
    return base::fail(ErrorCode::kMismatchedEndpointType,
                      "The request was sent to an endpoint of type BROKER, but we wanted an "
                      "endpoint of type CONTROLLER");
  }
  return base::fail(ErrorCode::kUnsupportedEndpointType,
                    fmt::format("Unsupported endpoint type {}", type));
}

void add_brokers(const Services& services, const net::ConnectionInfo& connection,
                 bool include_fenced, DescribeClusterResponse& response) {
  const auto image = services.image.load();
  for (const auto& [id, broker] : image->brokers) {
    if (broker->fenced && !include_fenced) continue;
    const auto endpoint =
        endpoint_for(*broker, id == services.node_id, services.listeners, connection);
    if (!endpoint) continue;
    response.brokers.push_back({id, endpoint->host, endpoint->port, broker->rack, broker->fenced});
  }
}

}  // namespace

void handle_describe_cluster(Services& services, DescribeClusterRequest request,
                             Responder<DescribeClusterResponse> responder) {
  DescribeClusterResponse response;
  if (auto valid = check_endpoint_type(request.endpoint_type); !valid) {
    response.error_code = valid.error().code;
    response.error_message = std::move(valid).error().message;
    responder.send(response);
    return;
  }
  response.cluster_id = services.cluster_id;
  response.controller_id = shown_controller(services, *services.image.load());
  if (request.include_cluster_authorized_operations) {
    response.cluster_authorized_operations = kAllClusterOperations;
  }
  add_brokers(services, *responder.context().connection, request.include_fenced_brokers, response);
  responder.send(response);
}

}  // namespace odradek::broker::api
