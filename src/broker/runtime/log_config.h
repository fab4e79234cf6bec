// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/settings.h"
#include "log/cleaner/cleaner.h"
#include "log/log_config.h"
#include "metadata/cluster_image.h"

namespace odradek::broker {

// What the topic's configuration and the broker's make of a log of the topic. `overrides` may be
// null. REQUIRES: the overrides were checked (config::check_topic_overrides).
log::LogConfig make_log_config(const config::Settings& settings,
                               const metadata::ConfigMap* overrides);

// The settings of compaction that are the broker's alone.
log::cleaner::CleanerOptions make_cleaner_options(const config::Settings& settings);

}  // namespace odradek::broker
