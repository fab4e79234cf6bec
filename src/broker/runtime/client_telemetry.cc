// SPDX-License-Identifier: Apache-2.0
#include "broker/runtime/client_telemetry.h"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include "base/crc32c.h"
#include "config/table.h"
#include "config/value.h"

namespace odradek::broker {
namespace {

using base::ErrorCode;
using metadata::ConfigMap;
using metadata::ConfigResourceType;

constexpr std::int32_t kDefaultIntervalMs = 300'000;
constexpr std::size_t kMaxInstances = 16'384;
constexpr auto kLeastMemory = std::chrono::seconds(60);
constexpr std::int8_t kLastCompressionType = 4;

std::string_view value_of(const ConfigMap& config, std::string_view key) {
  const auto found = config.find(key);
  return found == config.end() ? std::string_view() : std::string_view(found->second);
}

std::optional<std::string> part_of(const TelemetryClient& client, std::string_view name) {
  if (name == "client_instance_id") return client.instance_id.to_string();
  if (name == "client_id") return client.client_id;
  if (name == "client_software_name") return client.software_name;
  if (name == "client_software_version") return client.software_version;
  if (name == "client_source_address") return client.source_address;
  if (name == "client_source_port") return std::to_string(client.source_port);
  return std::nullopt;
}

// `match` is a list of name=expression; the client has to match them all, each as a whole.
bool matches(const TelemetryClient& client, const ConfigMap& config) {
  const auto patterns = config::split_list(value_of(config, "match"));
  return std::ranges::all_of(patterns, [&client](const std::string& pattern) {
    const auto split = pattern.find('=');
    if (split == std::string::npos) return false;
    const auto part = part_of(client, config::trim(std::string_view(pattern).substr(0, split)));
    const RE2 expression(std::string(config::trim(std::string_view(pattern).substr(split + 1))),
                         RE2::Quiet);
    return part && expression.ok() && RE2::FullMatch(*part, expression);
  });
}

std::int32_t interval_of(const ConfigMap& config) {
  const std::string_view text = config::trim(value_of(config, "interval.ms"));
  std::int32_t interval = kDefaultIntervalMs;
  std::from_chars(text.data(), text.data() + text.size(), interval);
  return interval;
}

std::int32_t id_of(const TelemetrySubscription& subscription, const base::Uuid& client) {
  std::string text = client.to_string() + '/' + std::to_string(subscription.push_interval_ms);
  for (const std::string& metric : subscription.metrics) text += '/' + metric;
  return static_cast<std::int32_t>(
      base::crc32c({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
}

env::Duration interval_of(const TelemetrySubscription& subscription) {
  return std::chrono::milliseconds(subscription.push_interval_ms);
}

}  // namespace

TelemetrySubscription make_subscription(const metadata::ClusterImage& image,
                                        const TelemetryClient& client) {
  TelemetrySubscription subscription;
  subscription.push_interval_ms = kDefaultIntervalMs;
  for (auto entry = image.configs.lower_bound({ConfigResourceType::kClientMetrics, ""});
       entry != image.configs.end() && entry->first.type == ConfigResourceType::kClientMetrics;
       ++entry) {
    const ConfigMap& config = *entry->second;
    if (!matches(client, config)) continue;
    for (std::string& metric : config::split_list(value_of(config, "metrics"))) {
      subscription.metrics.insert(std::move(metric));
    }
    subscription.push_interval_ms = std::min(subscription.push_interval_ms, interval_of(config));
  }
  if (subscription.metrics.contains("*")) subscription.metrics = {"*"};
  subscription.id = id_of(subscription, client.instance_id);
  return subscription;
}

ErrorCode ClientTelemetry::subscribe(const metadata::ClusterImage& image,
                                     const TelemetryClient& client, env::MonotonicTime now,
                                     TelemetrySubscription& subscription) {
  const std::lock_guard lock(mutex_);
  Instance& instance = find(image, client, now);
  const auto last = std::max(instance.last_get, instance.last_push);
  const bool is_due = !last || now - *last >= interval_of(instance.subscription);
  // What it was told on its last push it can only put right by asking again.
  const bool may_ask = instance.last_error == ErrorCode::kUnknownSubscriptionId ||
                       instance.last_error == ErrorCode::kUnsupportedCompressionType;
  if (is_due) instance.last_get = now;
  if (!is_due && !may_ask) return ErrorCode::kThrottlingQuotaExceeded;
  instance.last_error = ErrorCode::kNone;
  subscription = instance.subscription;
  return ErrorCode::kNone;
}

ErrorCode ClientTelemetry::push(const metadata::ClusterImage& image, const TelemetryClient& client,
                                const TelemetryPush& push, env::MonotonicTime now) {
  const std::lock_guard lock(mutex_);
  Instance& instance = find(image, client, now);
  instance.last_error = check(instance, push, now);
  instance.is_terminating = push.is_terminating;
  return instance.last_error;
}

ErrorCode ClientTelemetry::check(Instance& instance, const TelemetryPush& push,
                                 env::MonotonicTime now) {
  if (instance.is_terminating) return ErrorCode::kInvalidRequest;
  // The first push after a subscription may come early: clients spread theirs over the interval.
  const bool is_due = instance.last_get > instance.last_push || !instance.last_push ||
                      now - *instance.last_push >= interval_of(instance.subscription);
  if (is_due) instance.last_push = now;
  if (!is_due && !push.is_terminating) return ErrorCode::kThrottlingQuotaExceeded;
  if (push.subscription_id != instance.subscription.id) return ErrorCode::kUnknownSubscriptionId;
  if (push.compression_type < 0 || push.compression_type > kLastCompressionType) {
    return ErrorCode::kUnsupportedCompressionType;
  }
  if (push.size_bytes > static_cast<std::size_t>(max_bytes_)) return ErrorCode::kTelemetryTooLarge;
  return ErrorCode::kNone;
}

// A client whose subscription has changed since, or that has come by another connection, counts as
// one that is new.
ClientTelemetry::Instance& ClientTelemetry::find(const metadata::ClusterImage& image,
                                                 const TelemetryClient& client,
                                                 env::MonotonicTime now) {
  auto subscription = make_subscription(image, client);
  const auto known = by_id_.find(client.instance_id);
  if (known == by_id_.end()) {
    instances_.emplace_front();
    by_id_.emplace(client.instance_id, instances_.begin());
  } else {
    instances_.splice(instances_.begin(), instances_, known->second);
  }
  Instance& instance = instances_.front();
  const bool is_same = known != by_id_.end() && instance.subscription.id == subscription.id &&
                       instance.connection_id == client.connection_id;
  if (!is_same) {
    instance = Instance{};
    instance.id = client.instance_id;
    instance.connection_id = client.connection_id;
    instance.subscription = std::move(subscription);
  }
  instance.last_seen = now;
  forget_old(now);
  return instance;
}

void ClientTelemetry::forget_old(env::MonotonicTime now) {
  while (instances_.size() > 1) {
    const Instance& oldest = instances_.back();
    const env::Duration memory =
        std::max<env::Duration>(kLeastMemory, interval_of(oldest.subscription) * 3);
    if (instances_.size() <= kMaxInstances && now - oldest.last_seen < memory) return;
    by_id_.erase(oldest.id);
    instances_.pop_back();
  }
}

}  // namespace odradek::broker
