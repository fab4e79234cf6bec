// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "base/error_code.h"
#include "base/uuid.h"
#include "env/clock.h"
#include "metadata/cluster_image.h"

namespace odradek::broker {

// What a client-metrics subscription can ask of a client (KIP-714's match).
struct TelemetryClient {
  base::Uuid instance_id;
  std::optional<std::string> client_id;
  std::string software_name;
  std::string software_version;
  std::string source_address;
  std::uint16_t source_port = 0;
  // Of its connection: a client that comes back by another one is a new one.
  std::uint64_t connection_id = 0;
};

// What a client is asked to send.
struct TelemetrySubscription {
  std::int32_t id = 0;
  std::int32_t push_interval_ms = 0;
  std::set<std::string> metrics;  // prefixes of names; "*" alone for all, empty for none
};

struct TelemetryPush {
  std::int32_t subscription_id = 0;
  std::int8_t compression_type = 0;
  std::size_t size_bytes = 0;
  bool is_terminating = false;
};

// The clients that ask for subscriptions and push their metrics (KIP-714): who may send when, and
// whether what is sent fits the subscription. The metrics themselves are dropped: nothing here
// takes them. At most 16,384 clients are remembered, for as long as they send. Threads: any.
class ClientTelemetry {
 public:
  explicit ClientTelemetry(std::int64_t max_bytes) : max_bytes_(max_bytes) {}

  std::int64_t max_bytes() const { return max_bytes_; }
  // What the image's client-metrics resources ask of the client. THROTTLING_QUOTA_EXCEEDED before
  // its push interval has passed, unless the subscription has changed.
  base::ErrorCode subscribe(const metadata::ClusterImage& image, const TelemetryClient& client,
                            env::MonotonicTime now, TelemetrySubscription& subscription);
  // Whether the client may push this now: INVALID_REQUEST after it said that it ends,
  // THROTTLING_QUOTA_EXCEEDED, UNKNOWN_SUBSCRIPTION_ID, UNSUPPORTED_COMPRESSION_TYPE,
  // TELEMETRY_TOO_LARGE.
  base::ErrorCode push(const metadata::ClusterImage& image, const TelemetryClient& client,
                       const TelemetryPush& push, env::MonotonicTime now);

 private:
  struct Instance {
    base::Uuid id;
    std::uint64_t connection_id = 0;
    TelemetrySubscription subscription;
    std::optional<env::MonotonicTime> last_get;
    std::optional<env::MonotonicTime> last_push;
    env::MonotonicTime last_seen;
    base::ErrorCode last_error = base::ErrorCode::kNone;
    bool is_terminating = false;
  };

  // The following are called with mutex_ held.
  Instance& find(const metadata::ClusterImage& image, const TelemetryClient& client,
                 env::MonotonicTime now);
  void forget_old(env::MonotonicTime now);
  base::ErrorCode check(Instance& instance, const TelemetryPush& push, env::MonotonicTime now);

  const std::int64_t max_bytes_;
  std::mutex mutex_;
  std::list<Instance> instances_;  // the one seen last in front
  std::unordered_map<base::Uuid, std::list<Instance>::iterator> by_id_;
};

// What the image's client-metrics resources that match the client ask of it together: the metrics
// of all, the shortest interval; none, every five minutes, where nothing matches. Its id stays as
// long as it asks the same.
TelemetrySubscription make_subscription(const metadata::ClusterImage& image,
                                        const TelemetryClient& client);

}  // namespace odradek::broker
