// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/topic_partition.h"
#include "base/uuid.h"
#include "env/world.h"

namespace odradek::log {
class Log;
}

namespace odradek::log::directory {

// Who a log directory belongs to: `meta.properties`, version 1.
struct DirectoryIdentity {
  std::string cluster_id;
  base::BrokerId node_id = base::kNoBroker;
  base::Uuid directory_id;
};

// One entry of `log.dirs`: its lock, identity, checkpoints, flush group and read queue. A directory
// that fails goes offline alone. Threads: any.
class LogDirectory {
 public:
  // Locks the directory (created when missing) and reads its identity, none when it is not
  // formatted. Errors name the path and the reason: locked by another process, no right, no
  // directory. A directory with data but without meta.properties is refused. Touches nothing else.
  [[nodiscard]] static base::Result<std::unique_ptr<LogDirectory>> open(env::World& world,
                                                                        std::string path);
  virtual ~LogDirectory() = default;

  virtual const std::string& path() const = 0;
  virtual const std::optional<DirectoryIdentity>& identity() const = 0;
  [[nodiscard]] virtual base::Result<> format(const DirectoryIdentity& identity) = 0;

  // Reads the checkpoints and takes the clean-shutdown mark away (so that a crash from here on
  // counts as one). Call once, before the logs are opened. Returns whether the last stop was clean;
  // `broker_epoch` from the mark.
  struct LastStop {
    bool was_clean = false;
    std::int64_t broker_epoch = -1;
  };
  [[nodiscard]] virtual base::Result<LastStop> begin() = 0;
  // Partition directories found, by name; those marked for deletion are removed in the background.
  [[nodiscard]] virtual base::Result<std::vector<base::TopicPartition>> find_logs() = 0;

  // Values of the checkpoint files as read at start, or as set since.
  virtual base::Offset recovery_point(const base::TopicPartition& partition) const = 0;
  virtual base::Offset log_start_offset(const base::TopicPartition& partition) const = 0;
  virtual base::Offset high_watermark(const base::TopicPartition& partition) const = 0;
  virtual void set_high_watermark(const base::TopicPartition& partition, base::Offset offset) = 0;
  virtual void set_recovery_point(const base::TopicPartition& partition, base::Offset offset) = 0;
  virtual void set_log_start_offset(const base::TopicPartition& partition, base::Offset offset) = 0;
  virtual void forget(const base::TopicPartition& partition) = 0;
  // Writes the checkpoint files (recovery point, log start, high watermark) where they changed.
  // Blocks. The directory also does so by itself, a while after a change and at the end.
  [[nodiscard]] virtual base::Result<> write_checkpoints() = 0;

  // The log has bytes that want to be flushed in the next group: starts a group at once when none
  // runs. `log` stays alive until `forget_log` returned. A group calls prepare_flush on each of its
  // logs, then finish_flush; few dirty logs are flushed in parallel, many by one syncfs in between.
  virtual void request_flush(Log& log) = 0;
  // Waits until no group holds the log.
  virtual void forget_log(Log& log) = 0;

  // Blocking work of this directory alone: cold reads, recovery, deletion.
  virtual env::WorkQueue& work_queue() = 0;
  virtual env::World& world() = 0;

  // Removes a file or a tree that carries its deletion mark already (`.deleted`, `-delete`), on the
  // work queue, `delay` from now. What is pending at a stop is left: the next start removes it.
  virtual void remove_later(std::string path, env::Duration delay) = 0;

  // Takes the directory offline: every log in it is told (Log::on_directory_failure), on another
  // thread or later: the caller may be a log. Idempotent.
  virtual void fail(const base::Error& error) = 0;
  virtual std::optional<base::Error> failure() const = 0;

  // Clean stop, after every log was closed: one syncfs for what they wrote, then checkpoints, then
  // `.kafka_cleanshutdown` with the broker epoch.
  [[nodiscard]] virtual base::Result<> close_cleanly(std::int64_t broker_epoch) = 0;
};

}  // namespace odradek::log::directory
