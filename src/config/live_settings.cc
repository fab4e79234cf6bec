// SPDX-License-Identifier: Apache-2.0
#include "config/live_settings.h"

#include <utility>

namespace odradek::config {

LiveSettings::LiveSettings(Settings file) {
  Settings in_force = file;
  layers_.store(std::make_shared<const SettingsLayers>(
      SettingsLayers{std::move(file), {}, {}, std::move(in_force)}));
}

std::shared_ptr<const Settings> LiveSettings::current() const {
  auto layers = layers_.load();
  const Settings* in_force = &layers->in_force;
  return {std::move(layers), in_force};
}

void LiveSettings::set_dynamic(SettingValues cluster_default, SettingValues broker) {
  Settings file = layers_.load()->file;
  Settings in_force = file.overridden_by(cluster_default).overridden_by(broker);
  layers_.store(std::make_shared<const SettingsLayers>(SettingsLayers{
      std::move(file), std::move(cluster_default), std::move(broker), std::move(in_force)}));
}

}  // namespace odradek::config
