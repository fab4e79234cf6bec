// SPDX-License-Identifier: Apache-2.0
#include "config/dynamic.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include "config/dynamic_rules.h"
#include "config/rules.h"
#include "config/value.h"

namespace odradek::config {
namespace {

using base::ErrorCode;

constexpr std::string_view kListenerPrefix = "listener.name.";

// Only with a listener's prefix: what the key stores and their like are one's own.
constexpr std::string_view kListenerOnly[] = {
    "ssl.key.password",
    "ssl.keystore.certificate.chain",
    "ssl.keystore.key",
    "ssl.keystore.location",
    "ssl.keystore.password",
    "ssl.keystore.type",
    "ssl.truststore.certificates",
    "ssl.truststore.location",
    "ssl.truststore.password",
    "ssl.truststore.type",
};

// Of a listener, and yet to be set for all brokers.
constexpr std::string_view kClusterWideOfListeners[] = {
    "max.connection.creation.rate",
    "max.connections",
    "num.network.threads",
};

// Counts that may be halved or doubled at most.
constexpr std::string_view kThreadCounts[] = {
    "background.threads",
    "log.cleaner.threads",
    "num.io.threads",
    "num.network.threads",
    "num.recovery.threads.per.data.dir",
    "num.replica.fetchers",
    "remote.log.manager.copier.thread.pool.size",
    "remote.log.manager.expiration.thread.pool.size",
    "remote.log.manager.follower.thread.pool.size",
    "remote.log.reader.threads",
};

bool contains(std::span<const std::string_view> keys, std::string_view key) {
  return std::ranges::find(keys, key) != keys.end();
}

bool has_listener(std::string_view key) { return without_listener(key) != key; }

bool is_per_broker(std::string_view key) {
  if (has_listener(key)) return !contains(kClusterWideOfListeners, without_listener(key));
  const Setting* setting = find_dynamic_setting(key);
  return setting != nullptr && setting->live == Live::kPerBroker;
}

// A listener's key that can't be changed is stored, as in Kafka, and changes nothing.
bool is_unchangeable(std::string_view key) {
  const Setting* setting = find_broker_setting(key);
  return setting != nullptr && setting->live == Live::kReadOnly;
}

template <typename Predicate>
std::vector<std::string> keys_that(const SettingValues& values, Predicate predicate) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : values) {
    if (predicate(key)) keys.push_back(key);
  }
  return keys;
}

base::Result<> refuse(const std::vector<std::string>& keys, std::string_view why) {
  if (keys.empty()) return {};
  return base::fail(ErrorCode::kInvalidRequest,
                    fmt::format("{}: [{}]", why, fmt::join(keys, ", ")));
}

base::Result<> refuse(base::Result<> invalid) {
  return base::fail(ErrorCode::kInvalidRequest,
                    "Invalid dynamic configuration: " + std::move(invalid).error().message);
}

base::Result<> check_one(std::string_view key, const std::string& value) {
  const Setting* setting = find_dynamic_setting(key);
  if (setting == nullptr) return {};
  auto valid = check_value(*setting, value);
  if (valid) valid = check_available(*setting, value);
  if (valid) return {};
  return base::fail(ErrorCode::kInvalidRequest, std::move(valid).error().message);
}

base::Result<> check_thread_count(std::string_view key, const SettingsLayers& now,
                                  const Settings& next) {
  if (!now.in_force.value(key) || !next.value(key)) return {};
  const std::int64_t before = now.in_force.number(key);
  const std::int64_t wanted = next.number(key);
  if (wanted == before) return {};
  std::string_view why;
  if (wanted <= 0) why = "it must be at least 1";
  if (wanted > 0 && wanted < before / 2) why = "it may be halved at most in one step";
  if (wanted > before * 2) why = "it may be doubled at most in one step";
  if (why.empty()) return {};
  return base::fail(ErrorCode::kInvalidRequest,
                    fmt::format("Invalid dynamic configuration: {}={}: {}, and is {} now", key,
                                wanted, why, before));
}

// What the server would not start with, it does not take while it runs either.
base::Result<> check_no_new_objection(const Settings& now, const Settings& next) {
  const auto before = objections_to(now);
  for (Objection& objection : objections_to(next)) {
    if (std::ranges::find(before, objection.words, &Objection::words) != before.end()) continue;
    return base::fail(ErrorCode::kInvalidRequest,
                      "Invalid dynamic configuration: " + std::move(objection.words));
  }
  return {};
}

}  // namespace

std::string_view without_listener(std::string_view key) {
  if (!key.starts_with(kListenerPrefix)) return key;
  const auto dot = key.find('.', kListenerPrefix.size());
  return dot == std::string_view::npos ? key : key.substr(dot + 1);
}

const Setting* find_dynamic_setting(std::string_view key) {
  const Setting* setting = find_broker_setting(without_listener(key));
  return setting == nullptr ? find_dynamic_only_setting(key) : setting;
}

base::Result<> check_dynamic(const SettingsLayers& now, const SettingValues& wanted,
                             DynamicScope scope) {
  auto done = refuse(keys_that(wanted, is_unchangeable), "Cannot update these configs dynamically");
  if (!done) return done;
  done = refuse(keys_that(wanted, [](const auto& key) { return contains(kListenerOnly, key); }),
                "These security configs can be dynamically updated only per-listener using the "
                "listener prefix");
  if (!done) return done;
  for (const auto& [key, value] : wanted) {
    if (auto valid = check_one(key, value); !valid) return valid;
  }
  const bool is_for_all = scope == DynamicScope::kClusterDefault;
  if (is_for_all) {
    done = refuse(keys_that(wanted, is_per_broker),
                  "Cannot update these configs at default cluster level, broker id must be "
                  "specified");
    if (!done) return done;
  }
  const Settings next = now.file.overridden_by(is_for_all ? wanted : now.cluster_default)
                            .overridden_by(is_for_all ? now.broker : wanted);
  for (const std::string_view key : kThreadCounts) {
    if (auto valid = check_thread_count(key, now, next); !valid) return valid;
  }
  for (const auto& [key, value] : wanted) {
    if (auto valid = check_rule(key, value); !valid) return refuse(std::move(valid));
  }
  if (auto valid = check_together(wanted, now.file, next); !valid) return refuse(std::move(valid));
  return check_no_new_objection(now.in_force, next);
}

SettingValues usable_dynamic(const SettingValues& stored, DynamicScope scope,
                             std::vector<std::string>& ignored) {
  SettingValues usable;
  for (const auto& [key, value] : stored) {
    const bool is_here = scope == DynamicScope::kBroker || !is_per_broker(key);
    if (is_here && !is_unchangeable(key) && !contains(kListenerOnly, key) &&
        check_one(key, value) && check_rule(key, value)) {
      usable[key] = value;
    } else {
      ignored.push_back(key);
    }
  }
  return usable;
}

}  // namespace odradek::config
