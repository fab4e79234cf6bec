// SPDX-License-Identifier: Apache-2.0
#include "wire/messages/describe_configs.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/loggers.h"
#include "broker/api/apis.h"
#include "broker/api/config_entries.h"
#include "broker/runtime/admin_service.h"
#include "metadata/controller/event_line.h"
#include "metadata/controller/topic_name.h"

namespace odradek::broker::api {
namespace {

using base::ErrorCode;
using metadata::ConfigResourceType;
using wire::DescribeConfigsRequest;
using wire::DescribeConfigsResponse;
using Resource = DescribeConfigsRequest::DescribeConfigsResource;
using Entries = std::vector<ConfigEntry>;

constexpr std::int8_t kBrokerLoggerSource = 6;

class ConfigDescriber {
 public:
  ConfigDescriber(const Services& services, const DescribeConfigsRequest& request,
                  wire::Version version)
      : services_(services),
        request_(request),
        version_(version),
        image_(services.image.load()),
        settings_(services.settings.layers()) {}

  base::Result<Entries> describe(const Resource& resource) const {
    ConfigEntryOptions options;
    options.keys = resource.configuration_keys ? &*resource.configuration_keys : nullptr;
    options.with_synonyms = request_.include_synonyms;
    options.with_documentation = request_.include_documentation;
    options.with_is_default = version_ == 0;
    switch (static_cast<ConfigResourceType>(resource.resource_type)) {
      case ConfigResourceType::kTopic:
        return describe_topic(resource.resource_name, options);
      case ConfigResourceType::kBroker:
        return describe_broker(resource.resource_name, options);
      case ConfigResourceType::kBrokerLogger:
        return describe_loggers(resource.resource_name, options);
      case ConfigResourceType::kClientMetrics:
        return describe_client_metrics(resource.resource_name, options);
      case ConfigResourceType::kGroup:
        return describe_group(resource.resource_name, options);
    }
    if (resource.resource_type == metadata::kEventResource) {
      return describe_events(resource.resource_name);
    }
    return base::fail(ErrorCode::kInvalidRequest,
                      fmt::format("Resource type {} can't be described: TOPIC (2), BROKER (4), "
                                  "BROKER_LOGGER (8), CLIENT_METRICS (16) and GROUP (32) can.",
                                  resource.resource_type));
  }

 private:
  base::Result<Entries> describe_topic(const std::string& name,
                                       const ConfigEntryOptions& options) const {
    if (auto valid = metadata::check_topic_name(name); !valid) return base::fail(std::move(valid));
    if (image_->find_topic(name) == nullptr) {
      return base::fail(ErrorCode::kUnknownTopicOrPartition);
    }
    return topic_entries(*settings_, image_->find_config(ConfigResourceType::kTopic, name),
                         options);
  }

  base::Result<Entries> describe_broker(const std::string& name,
                                        const ConfigEntryOptions& options) const {
    if (name.empty()) {
      return cluster_default_entries(*settings_, options);
    }
    if (auto valid = check_broker_id(name, " or the empty string"); !valid) {
      return base::fail(std::move(valid));
    }
    return broker_entries(*settings_, services_.node_id, options);
  }

  base::Result<Entries> describe_loggers(const std::string& name,
                                         const ConfigEntryOptions& options) const {
    if (name.empty()) return base::fail(ErrorCode::kInvalidRequest, "Broker id must not be empty.");
    if (auto valid = check_broker_id(name, ""); !valid) return base::fail(std::move(valid));
    Entries entries;
    for (const base::log::Logger& logger : base::log::loggers()) {
      if (!options.wants(logger.name)) continue;
      ConfigEntry& entry = entries.emplace_back();
      entry.name = logger.name;
      entry.value = logger.level;
      entry.config_source = kBrokerLoggerSource;
    }
    return entries;
  }

  base::Result<Entries> describe_client_metrics(const std::string& name,
                                                const ConfigEntryOptions& options) const {
    if (name.empty()) {
      return base::fail(ErrorCode::kInvalidRequest,
                        "Client metrics subscription name must not be empty");
    }
    return client_metrics_entries(image_->find_config(ConfigResourceType::kClientMetrics, name),
                                  options);
  }

  base::Result<Entries> describe_group(const std::string& name,
                                       const ConfigEntryOptions& options) const {
    if (name.empty()) {
      return base::fail(ErrorCode::kInvalidRequest, "Group name must not be empty");
    }
    return group_entries(*settings_, image_->find_config(ConfigResourceType::kGroup, name),
                         options);
  }

  // What `odradek why` asks: the name is a query, each entry a line.
  base::Result<Entries> describe_events(const std::string& name) const {
    const auto query = metadata::parse_event_query(name);
    if (!query) {
      return base::fail(ErrorCode::kInvalidRequest,
                        "Events are asked for by topic=NAME, broker=ID and group=NAME, with & "
                        "between them.");
    }
    const std::string text = services_.admin.find_events(*query);
    Entries entries;
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      ConfigEntry& entry = entries.emplace_back();
      entry.name = fmt::format("{:08}", entries.size());
      entry.value = text.substr(begin, end - begin);
      entry.read_only = true;
      begin = end + 1;
    }
    return entries;
  }

  base::Result<> check_broker_id(const std::string& name, const char* or_else) const {
    std::int32_t id = -1;
    const char* const end = name.data() + name.size();
    if (const auto parsed = std::from_chars(name.data(), end, id);
        parsed.ec != std::errc{} || parsed.ptr != end) {
      return base::fail(ErrorCode::kInvalidRequest,
                        fmt::format("Broker id must be an integer, but it is: {}", name));
    }
    if (id == services_.node_id.value()) return {};
    return base::fail(ErrorCode::kInvalidRequest,
                      fmt::format("Broker id {} is not this broker's: allowed is {}{}.", name,
                                  services_.node_id.value(), or_else));
  }

  const Services& services_;
  const DescribeConfigsRequest& request_;
  const wire::Version version_;
  const std::shared_ptr<const metadata::ClusterImage> image_;
  const std::shared_ptr<const config::SettingsLayers> settings_;
};

void answer(const Services& services, const DescribeConfigsRequest& request,
            Responder<DescribeConfigsResponse>& responder) {
  const ConfigDescriber describer(services, request, responder.context().version);
  DescribeConfigsResponse response;
  for (const Resource& resource : request.resources) {
    auto& result = response.results.emplace_back();
    result.resource_type = resource.resource_type;
    result.resource_name = resource.resource_name;
    auto entries = describer.describe(resource);
    if (entries) {
      result.configs = std::move(*entries);
      continue;
    }
    result.error_code = entries.error().code;
    result.error_message = std::move(entries).error().message;
  }
  responder.send(response);
}

}  // namespace

void handle_describe_configs(Services& services, DescribeConfigsRequest request,
                             Responder<DescribeConfigsResponse> responder) {
  const bool asks_for_events = std::ranges::any_of(request.resources, [](const Resource& resource) {
    return resource.resource_type == metadata::kEventResource;
  });
  if (!asks_for_events) return answer(services, request, responder);
  services.admin.when_events_are_kept(
      [&services, request = std::move(request), responder = std::move(responder)]() mutable {
        answer(services, request, responder);
      });
}

}  // namespace odradek::broker::api
