// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/list_config_resources.h"

#include <algorithm>
#include <utility>

#include "broker/api/apis.h"

namespace odradek::broker::api {
namespace {

using metadata::ConfigResourceType;
using wire::ListConfigResourcesRequest;
using wire::ListConfigResourcesResponse;

// In the order in which Kafka lists them.
constexpr ConfigResourceType kListed[] = {
    ConfigResourceType::kGroup, ConfigResourceType::kClientMetrics,
    ConfigResourceType::kBrokerLogger, ConfigResourceType::kBroker, ConfigResourceType::kTopic};

class ResourceLister {
 public:
  explicit ResourceLister(const metadata::ClusterImage& image) : image_(image) {}

  void list(ConfigResourceType type) {
    switch (type) {
      case ConfigResourceType::kTopic:
        image_.topics_by_name.for_each(
            [&](const std::string& name, const auto&) { add(type, name); });
        break;
      case ConfigResourceType::kBroker:
      case ConfigResourceType::kBrokerLogger:
        for (const auto& [id, broker] : image_.brokers) {
          if (!broker->fenced) add(type, std::to_string(id.value()));
        }
        break;
      default:
        for (const auto& [resource, config] : image_.configs) {
          if (resource.type == type) add(type, resource.name);
        }
    }
  }

  ListConfigResourcesResponse response;

 private:
  void add(ConfigResourceType type, const std::string& name) {
    auto& resource = response.config_resources.emplace_back();
    resource.resource_name = name;
    resource.resource_type = static_cast<std::int8_t>(type);
  }

  const metadata::ClusterImage& image_;
};

}  // namespace

void handle_list_config_resources(Services& services, ListConfigResourcesRequest request,
                                  Responder<ListConfigResourcesResponse> responder) {
  auto& wanted = request.resource_types;
  // The API began as that of client metrics alone (KIP-1000), and its version 0 still is.
  if (responder.context().version == 0) {
    wanted = {static_cast<std::int8_t>(ConfigResourceType::kClientMetrics)};
  }
  const auto is_listed = [](std::int8_t type) {
    return std::ranges::find(kListed, static_cast<ConfigResourceType>(type)) != std::end(kListed);
  };
  const auto image = services.image.load();
  ResourceLister lister(*image);
  if (!std::ranges::all_of(wanted, is_listed)) {
    lister.response.error_code = base::ErrorCode::kUnsupportedVersion;
    responder.send(lister.response);
    return;
  }
  for (const ConfigResourceType type : kListed) {
    const bool is_wanted =
        wanted.empty() || std::ranges::find(wanted, static_cast<std::int8_t>(type)) != wanted.end();
    if (is_wanted) lister.list(type);
  }
  responder.send(lister.response);
}

}  // namespace odradek::broker::api
