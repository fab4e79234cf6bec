// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "base/ids.h"
#include "metadata/cluster_image.h"

namespace odradek::metadata {

// Which brokers the active controller has heard from, and how far they have come: what it knows
// beside the metadata, and forgets with its office. Times are milliseconds of one clock that never
// goes back, whichever the caller has. Not for several threads.
class BrokerSessions {
 public:
  struct Silent {
    base::BrokerId broker;
    std::int64_t broker_epoch = -1;
    std::int64_t silent_ms = 0;
  };

  // Time-outs must be positive (broker.session.timeout.ms).
  explicit BrokerSessions(std::int64_t timeout_ms) : timeout_ms_(timeout_ms) {}

  // A new controller takes over: every broker that serves has a whole session from now on to
  // report.
  void activate(const ClusterImage& image, std::int64_t now_ms);

  // The broker was heard from. Another epoch is another process: nothing of the one before counts.
  void hear(base::BrokerId broker, std::int64_t broker_epoch, std::int64_t now_ms);
  void hear(base::BrokerId broker, std::int64_t broker_epoch, base::Offset metadata_offset,
            std::int64_t now_ms);
  void forget(base::BrokerId broker) { sessions_.erase(broker); }
  bool is_alive(base::BrokerId broker, std::int64_t broker_epoch, std::int64_t now_ms) const;

  // It has told this controller how far it has replayed, and is not forgotten.
  bool has_reported(base::BrokerId broker) const;

  // A broker whose session is over, the longest silent first. One that is not in the image in this
  // epoch is forgotten without a word.
  std::optional<Silent> find_silent(const ClusterImage& image, std::int64_t now_ms);
  // Nobody here listened for a while: all that are known have a whole session from now on.
  void begin_anew(std::int64_t now_ms);
  // When the next session will be over if nobody is heard from; nothing while there is none.
  std::optional<std::int64_t> next_timeout_ms() const;

  // The broker shuts down, and may stop once all that serve have replayed the metadata up to
  // `offset`: the last of the changes that take its leaderships from it.
  void set_shutdown_offset(base::BrokerId broker, base::Offset offset);
  bool has_shutdown_offset(base::BrokerId broker) const;
  // Whether every broker that serves has replayed the metadata up to `offset`.
  bool have_replayed(const ClusterImage& image, base::Offset offset) const;
  // Whether they have.
  bool is_shutdown_known(const ClusterImage& image, base::BrokerId broker) const;

  std::int64_t timeout_ms() const { return timeout_ms_; }

 private:
  struct Session {
    std::int64_t broker_epoch = -1;
    std::int64_t heard_ms = 0;
    base::Offset metadata_offset = base::kNoOffset;
    std::optional<base::Offset> shutdown_offset;
  };

  bool have_replayed(const ClusterImage& image, base::Offset offset, base::BrokerId without) const;
  Session& session_of(base::BrokerId broker, std::int64_t broker_epoch);
  bool is_over(const Session& session, std::int64_t now_ms) const {
    return now_ms - session.heard_ms > timeout_ms_;
  }

  std::int64_t timeout_ms_;
  std::map<base::BrokerId, Session> sessions_;
};

}  // namespace odradek::metadata
