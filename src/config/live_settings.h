// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.h"

namespace odradek::config {

// Where the settings in force come from, lowest first: the file and the command line over the
// table's defaults, what the cluster sets for all brokers, what it sets for this one. Immutable.
struct SettingsLayers {
  Settings file;
  SettingValues cluster_default;
  SettingValues broker;
  // All of them together.
  Settings in_force;
};

// The settings in force, changed while the broker runs: the one place that knows them. A reader
// takes the newest when it needs a value and keeps none; who must act on a change is told by
// broker::LiveConfig. A snapshot stays as it is for as long as it is held.
//
// Threads: readers any; one writer at a time.
class LiveSettings {
 public:
  explicit LiveSettings(Settings file);

  std::shared_ptr<const SettingsLayers> layers() const { return layers_.load(); }
  std::shared_ptr<const Settings> current() const;

  // Puts dynamic layers in the place of the present ones. REQUIRES: values that are usable
  // (config/dynamic.h).
  void set_dynamic(SettingValues cluster_default, SettingValues broker);

  // A value in force now; see Settings. Several that belong together: ask one `current()`.
  std::string text(std::string_view name) const { return current()->text(name); }
  std::int64_t number(std::string_view name) const { return current()->number(name); }
  double ratio(std::string_view name) const { return current()->ratio(name); }
  bool flag(std::string_view name) const { return current()->flag(name); }
  std::vector<std::string> list(std::string_view name) const { return current()->list(name); }

 private:
  std::atomic<std::shared_ptr<const SettingsLayers>> layers_;
};

}  // namespace odradek::config
