// SPDX-License-Identifier: Apache-2.0
#include "config/table.h"

#include <algorithm>

namespace odradek::config {
namespace {

const Setting* find(std::span<const Setting> settings, std::string_view name) {
  const auto found = std::ranges::lower_bound(settings, name, {}, &Setting::name);
  return found == settings.end() || found->name != name ? nullptr : &*found;
}

}  // namespace

std::span<const Setting> settings_of(Scope scope) {
  switch (scope) {
    case Scope::kBroker:
      return broker_settings();
    case Scope::kTopic:
      return topic_settings();
    case Scope::kGroup:
      return group_settings();
    case Scope::kClientMetrics:
      return client_metrics_settings();
    case Scope::kQuota:
      return quota_settings();
  }
  return {};
}

const Setting* find_setting(Scope scope, std::string_view name) {
  return find(settings_of(scope), name);
}
const Setting* find_broker_setting(std::string_view name) { return find(broker_settings(), name); }
const Setting* find_topic_setting(std::string_view name) { return find(topic_settings(), name); }
const Setting* find_dynamic_only_setting(std::string_view name) {
  return find(dynamic_only_settings(), name);
}
const Setting* find_dropped_setting(std::string_view name) {
  return find(dropped_settings(), name);
}
const Setting* find_pattern_setting(std::string_view name) {
  for (const Setting& setting : pattern_settings()) {
    std::string_view pattern = setting.name;
    const bool is_beginning = pattern.ends_with('*');
    if (is_beginning) pattern.remove_suffix(1);
    if (is_beginning ? name.starts_with(pattern) : name == pattern) return &setting;
  }
  return nullptr;
}

std::span<const std::string_view> synonyms_of(std::string_view broker_key) {
  const Setting* setting = find_broker_setting(broker_key);
  if (setting == nullptr) return {};
  if (setting->synonyms.empty()) return {&setting->name, 1};
  return setting->synonyms;
}

}  // namespace odradek::config
