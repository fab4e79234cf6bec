// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "config/live_settings.h"
#include "metadata/cluster_image.h"
#include "wire/messages/describe_configs.h"

// The entries of DescribeConfigs: keys, values, where they come from.
namespace odradek::broker::api {

using ConfigEntry = wire::DescribeConfigsResponse::DescribeConfigsResourceResult;

// What the request wants to see.
struct ConfigEntryOptions {
  // Nothing, or none in it: all keys.
  const std::vector<std::string>* keys = nullptr;
  bool with_synonyms = false;
  bool with_documentation = false;
  // Version 0 says only whether a value is the default, later ones where it comes from.
  bool with_is_default = false;

  bool wants(std::string_view key) const;
};

// Every key of the table with the value in force, and keys that nobody knows, whose values are kept
// hidden: they may be secrets. Synonyms are what else is set for the key, the strongest first.
std::vector<ConfigEntry> broker_entries(const config::SettingsLayers& settings,
                                        base::BrokerId node_id, const ConfigEntryOptions& options);

// What the cluster sets for all its brokers.
std::vector<ConfigEntry> cluster_default_entries(const config::SettingsLayers& settings,
                                                 const ConfigEntryOptions& options);

// Every topic key. `overrides`, what the topic itself sets, may be null.
std::vector<ConfigEntry> topic_entries(const config::SettingsLayers& settings,
                                       const metadata::ConfigMap* overrides,
                                       const ConfigEntryOptions& options);

// Every group key. `overrides`, what the group itself sets, may be null.
std::vector<ConfigEntry> group_entries(const config::SettingsLayers& settings,
                                       const metadata::ConfigMap* overrides,
                                       const ConfigEntryOptions& options);

// Every key of a subscription to client metrics.
std::vector<ConfigEntry> client_metrics_entries(const metadata::ConfigMap* overrides,
                                                const ConfigEntryOptions& options);

}  // namespace odradek::broker::api
