// SPDX-License-Identifier: Apache-2.0
#include "broker/api/config_entries.h"

#include <fmt/core.h>

#include <algorithm>
#include <span>
#include <utility>

#include "config/dynamic.h"
#include "config/group_config.h"
#include "config/table.h"
#include "config/topic_config.h"
#include "config/value.h"

namespace odradek::broker::api {
namespace {

using config::Setting;
using config::SettingsLayers;
using config::SettingValues;
using Synonym = wire::DescribeConfigsResponse::DescribeConfigsSynonym;

// Kafka's numbers of where a value comes from.
enum class Source : std::int8_t {
  kTopic = 1,
  kDynamicBroker = 2,
  kDynamicDefaultBroker = 3,
  kStaticBroker = 4,
  kDefault = 5,
  kClientMetrics = 7,
  kGroup = 8,
};

constexpr std::int8_t number(Source source) { return static_cast<std::int8_t>(source); }

std::int8_t type_number(config::Type type) {
  switch (type) {
    case config::Type::kBoolean:
      return 1;
    case config::Type::kString:
      return 2;
    case config::Type::kInt:
      return 3;
    case config::Type::kShort:
      return 4;
    case config::Type::kLong:
      return 5;
    case config::Type::kDouble:
      return 6;
    case config::Type::kList:
      return 7;
    case config::Type::kClass:
      return 8;
    case config::Type::kPassword:
      return 9;
  }
  return 0;
}

// Nothing in the place of a secret.
std::optional<std::string> value_or_hidden(const Setting& setting, std::string_view value) {
  if (setting.is_sensitive()) return std::nullopt;
  return config::normalized(setting, value);
}

// What the key does, what it may be set to, and what differs here.
std::string documentation(const Setting& setting) {
  std::string text(setting.description);
  if (const auto allowed = config::allowed_words(setting); !allowed.empty()) {
    text += fmt::format(" Allowed: {}.", allowed);
  }
  if (!setting.unit.empty()) text += fmt::format(" Unit: {}.", setting.unit);
  const std::string_view default_value = setting.default_value.value_or("");
  text += default_value.empty() ? std::string(" No default.")
                                : fmt::format(" Default: {}.", default_value);
  if (setting.status == config::Status::kAccepted) {
    text += fmt::format(" Accepted here, with a difference: {}.", setting.note);
  }
  if (!setting.reason.empty())
    text += fmt::format(" Other values are refused: {}.", setting.reason);
  return text;
}

Synonym make_synonym(std::string_view name, std::string value, Source source) {
  const Setting* setting = config::find_dynamic_setting(name);
  Synonym synonym;
  synonym.name = name;
  synonym.value = setting == nullptr ? std::nullopt : value_or_hidden(*setting, value);
  synonym.source = number(source);
  return synonym;
}

// A listener's key falls back to the one without the listener.
std::vector<std::string_view> synonyms_with_base(std::string_view key) {
  const std::string_view base = config::without_listener(key);
  if (base != key) return {key, base};
  const auto synonyms = config::synonyms_of(key);
  if (synonyms.empty()) return {key};
  return {synonyms.begin(), synonyms.end()};
}

// The broker keys behind `key`, as Kafka lists them: what was given, then the defaults, beginning
// with the key itself.
std::vector<Synonym> broker_synonyms(const SettingsLayers& settings, std::string_view key) {
  std::vector<Synonym> synonyms;
  const auto names = synonyms_with_base(key);
  const auto add = [&](const SettingValues& values, Source source) {
    for (const std::string_view name : names) {
      if (const auto found = values.find(name); found != values.end()) {
        synonyms.push_back(make_synonym(name, found->second, source));
      }
    }
  };
  add(settings.broker, Source::kDynamicBroker);
  add(settings.cluster_default, Source::kDynamicDefaultBroker);
  add(settings.file.given(), Source::kStaticBroker);
  for (const std::string_view name : names) {
    const Setting* setting = config::find_broker_setting(name);
    if (setting != nullptr && setting->default_value) {
      synonyms.push_back(
          make_synonym(name, std::string(*setting->default_value), Source::kDefault));
    }
  }
  synonyms.erase(synonyms.begin(), std::ranges::find(synonyms, key, &Synonym::name));
  return synonyms;
}

// One number under two names, whichever the file gives; where it gives none, the directory does.
std::vector<Synonym> id_synonyms(const SettingsLayers& settings, const Setting& setting,
                                 base::BrokerId node_id) {
  auto synonyms = broker_synonyms(settings, setting.name);
  const bool is_there =
      !synonyms.empty() && synonyms.front().source == number(Source::kStaticBroker);
  if (is_there) synonyms.erase(synonyms.begin());
  synonyms.insert(synonyms.begin(), make_synonym(setting.name, std::to_string(node_id.value()),
                                                 Source::kStaticBroker));
  return synonyms;
}

ConfigEntry make_entry(const Setting& setting, std::optional<std::string> value,
                       std::vector<Synonym> synonyms, const ConfigEntryOptions& options) {
  ConfigEntry entry;
  entry.name = setting.name;
  entry.is_sensitive = setting.is_sensitive();
  entry.value = value ? value_or_hidden(setting, *value) : std::nullopt;
  entry.config_source = synonyms.empty() ? number(Source::kDefault) : synonyms.front().source;
  entry.is_default = options.with_is_default && entry.config_source == number(Source::kDefault);
  entry.config_type = type_number(setting.type);
  if (options.with_synonyms) entry.synonyms = std::move(synonyms);
  entry.documentation.reset();
  if (options.with_documentation) entry.documentation = documentation(setting);
  return entry;
}

// As Kafka says it: of a listener's key always, though some of them can be changed.
bool is_read_only(const Setting& setting, std::string_view name) {
  return setting.live == config::Live::kReadOnly || setting.name != name;
}

ConfigEntry unknown_entry(const std::string& name, std::vector<Synonym> synonyms,
                          const ConfigEntryOptions& options) {
  ConfigEntry entry;
  entry.name = name;
  entry.value.reset();
  entry.documentation.reset();
  entry.is_sensitive = true;
  entry.read_only = true;
  entry.config_source = synonyms.empty() ? number(Source::kDefault) : synonyms.front().source;
  if (options.with_synonyms) entry.synonyms = std::move(synonyms);
  return entry;
}

// A key that is not in the table itself: a listener's, or one that nobody knows.
ConfigEntry other_entry(const SettingsLayers& settings, const std::string& name,
                        const ConfigEntryOptions& options) {
  const Setting* setting = config::find_dynamic_setting(name);
  auto synonyms = broker_synonyms(settings, name);
  if (setting == nullptr) return unknown_entry(name, std::move(synonyms), options);
  ConfigEntry entry =
      make_entry(*setting, settings.in_force.value(name), std::move(synonyms), options);
  entry.name = name;
  entry.read_only = is_read_only(*setting, name);
  return entry;
}

// What a resource has of a key that it does not set itself.
struct Inherited {
  std::optional<std::string> value;
  std::vector<Synonym> synonyms;
};

// Every key of a table, as a resource with `overrides` (or null) has it.
template <typename Inherit>
std::vector<ConfigEntry> own_entries(std::span<const Setting> table,
                                     const metadata::ConfigMap* overrides, Source source,
                                     const ConfigEntryOptions& options, Inherit inherit) {
  std::vector<ConfigEntry> entries;
  for (const Setting& setting : table) {
    if (setting.is_internal || !options.wants(setting.name)) continue;
    Inherited inherited = inherit(setting);
    if (overrides != nullptr) {
      if (const auto own = overrides->find(setting.name); own != overrides->end()) {
        inherited.value = own->second;
        inherited.synonyms.insert(
            inherited.synonyms.begin(),
            {std::string(setting.name), value_or_hidden(setting, own->second), number(source)});
      }
    }
    entries.push_back(
        make_entry(setting, std::move(inherited.value), std::move(inherited.synonyms), options));
  }
  return entries;
}

}  // namespace

bool ConfigEntryOptions::wants(std::string_view key) const {
  return keys == nullptr || keys->empty() || std::ranges::find(*keys, key) != keys->end();
}

std::vector<ConfigEntry> broker_entries(const SettingsLayers& settings, base::BrokerId node_id,
                                        const ConfigEntryOptions& options) {
  std::vector<ConfigEntry> entries;
  for (const Setting& setting : config::broker_settings()) {
    if (setting.is_internal || !options.wants(setting.name)) continue;
    const bool is_id = setting.name == "node.id" || setting.name == "broker.id";
    entries.push_back(make_entry(
        setting, is_id ? std::to_string(node_id.value()) : settings.in_force.value(setting.name),
        is_id ? id_synonyms(settings, setting, node_id) : broker_synonyms(settings, setting.name),
        options));
    entries.back().read_only = is_read_only(setting, setting.name);
  }
  for (const std::string& name : settings.in_force.unknown_keys()) {
    if (options.wants(name)) entries.push_back(other_entry(settings, name, options));
  }
  return entries;
}

std::vector<ConfigEntry> cluster_default_entries(const SettingsLayers& settings,
                                                 const ConfigEntryOptions& options) {
  std::vector<ConfigEntry> entries;
  for (const auto& [name, value] : settings.cluster_default) {
    if (!options.wants(name)) continue;
    const Setting* setting = config::find_dynamic_setting(name);
    auto synonyms = broker_synonyms(settings, name);
    std::erase_if(synonyms, [](const Synonym& synonym) {
      return synonym.source != number(Source::kDynamicDefaultBroker);
    });
    if (setting == nullptr) {
      entries.push_back(unknown_entry(name, std::move(synonyms), options));
      continue;
    }
    entries.push_back(make_entry(*setting, value, std::move(synonyms), options));
    entries.back().name = name;
    entries.back().read_only = is_read_only(*setting, name);
  }
  return entries;
}

std::vector<ConfigEntry> topic_entries(const SettingsLayers& settings,
                                       const metadata::ConfigMap* overrides,
                                       const ConfigEntryOptions& options) {
  return own_entries(
      config::topic_settings(), overrides, Source::kTopic, options, [&](const Setting& setting) {
        const std::string_view broker_key = config::broker_key_of(setting.name);
        return Inherited{
            config::topic_default(settings.in_force, setting.name),
            broker_key.empty() ? std::vector<Synonym>() : broker_synonyms(settings, broker_key)};
      });
}

std::vector<ConfigEntry> group_entries(const SettingsLayers& settings,
                                       const metadata::ConfigMap* overrides,
                                       const ConfigEntryOptions& options) {
  return own_entries(
      config::group_settings(), overrides, Source::kGroup, options, [&](const Setting& setting) {
        Inherited inherited{config::group_default(settings.in_force, setting.name), {}};
        if (!setting.synonyms.empty()) {
          inherited.synonyms = broker_synonyms(settings, setting.synonyms.front());
        } else if (setting.default_value) {
          inherited.synonyms = {
              {std::string(setting.name), inherited.value, number(Source::kDefault)}};
        }
        return inherited;
      });
}

std::vector<ConfigEntry> client_metrics_entries(const metadata::ConfigMap* overrides,
                                                const ConfigEntryOptions& options) {
  return own_entries(config::client_metrics_settings(), overrides, Source::kClientMetrics, options,
                     [](const Setting& setting) {
                       return Inherited{std::string(setting.default_value.value_or("")), {}};
                     });
}

}  // namespace odradek::broker::api
