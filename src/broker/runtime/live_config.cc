// SPDX-License-Identifier: Apache-2.0
#include "broker/runtime/live_config.h"

#include <fmt/ranges.h>

#include <string>
#include <utility>

#include "base/log.h"
#include "config/dynamic.h"

namespace odradek::broker {
namespace {

using config::DynamicScope;
using metadata::ConfigResource;
using metadata::ConfigResourceType;

config::SettingValues usable(const metadata::ClusterImage& image, const std::string& broker) {
  const auto* stored = image.find_config(ConfigResourceType::kBroker, broker);
  if (stored == nullptr) return {};
  const auto scope = broker.empty() ? DynamicScope::kClusterDefault : DynamicScope::kBroker;
  std::vector<std::string> ignored;
  auto values = config::usable_dynamic(*stored, scope, ignored);
  if (!ignored.empty()) {
    base::log::warn("config", "stored for {}, and not used: {}",
                    broker.empty() ? "all brokers" : "broker " + broker, fmt::join(ignored, ", "));
  }
  return values;
}

}  // namespace

void LiveConfig::load(const metadata::ClusterImage& image) {
  settings_.set_dynamic(usable(image, ""), usable(image, std::to_string(broker_.value())));
}

void LiveConfig::act(Action action) {
  const std::lock_guard lock(mutex_);
  const auto layers = settings_.layers();
  action(layers->file, layers->in_force);
  actions_.push_back(std::move(action));
}

void LiveConfig::follow(const metadata::ImageDelta& delta, const metadata::ClusterImage& image) {
  const ConfigResource all{ConfigResourceType::kBroker, ""};
  const ConfigResource mine{ConfigResourceType::kBroker, std::to_string(broker_.value())};
  if (!delta.changed_configs.contains(all) && !delta.changed_configs.contains(mine)) return;
  const std::lock_guard lock(mutex_);
  const auto before = settings_.current();
  load(image);
  const auto now = settings_.current();
  for (const Action& action : actions_) action(*before, *now);
}

}  // namespace odradek::broker
