// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>

namespace odradek::log {

// Where a partition's files lie. All parts of a log share one, so that a move into another log
// directory (log/move) changes it for all of them at once. Threads: any; files that are opened by a
// path that a move changes meanwhile are the caller's to let go of (PartitionLog::open_segment).
class PartitionPath {
 public:
  explicit PartitionPath(std::string path)
      : path_(std::make_shared<const std::string>(std::move(path))) {}

  std::string value() const { return *path_.load(); }
  void set(std::string path) { path_.store(std::make_shared<const std::string>(std::move(path))); }

 private:
  std::atomic<std::shared_ptr<const std::string>> path_;
};

}  // namespace odradek::log
