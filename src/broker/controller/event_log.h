// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "env/world.h"
#include "metadata/controller/event_line.h"
#include "metadata/controller/events.h"

namespace odradek::broker {

// Why things happened, of what was decided here: while this broker was the active controller, now
// and in runs before. In memory and in two files of the metadata directory, each within
// events.max.bytes together (docs/formats/events.md); what is oldest goes first. A disk that fails
// costs no decision: it is said once, and memory has them. Threads: any.
class EventLog {
 public:
  struct Options {
    std::string directory;
    std::int64_t max_bytes = 0;
    base::BrokerId self;
  };
  // How often, since the process began.
  struct Counts {
    // By metadata::Election, and so on.
    std::array<std::uint64_t, metadata::kElectionCount> elections{};
    std::array<std::uint64_t, metadata::kReasonCount> in_sync_changes{};
    std::array<std::uint64_t, metadata::kReasonCount> fences{};
    std::array<std::uint64_t, metadata::kReassignmentStepCount> reassignment_steps{};
    std::uint64_t group_moves = 0;
  };

  // Reads what is there; blocks.
  EventLog(env::World& world, Options options);
  ~EventLog();
  // Everything is written. Blocks.
  void flush();

  // They are committed. Does not wait for the disk.
  void add(const std::vector<metadata::Event>& events);

  // The lines that match, oldest first, as the files have them.
  std::string find(const metadata::EventQuery& query) const;
  Counts counts() const;

 private:
  struct Entry {
    metadata::EventLine line;
    std::size_t bytes;
  };

  void load(const std::string& path);
  void keep(metadata::EventLine line, std::size_t bytes);
  void count(const metadata::Event& event);
  void write(const std::string& text);
  [[nodiscard]] base::Result<> append(std::string_view text);
  [[nodiscard]] base::Result<> begin_anew();

  env::World& world_;
  const Options options_;
  const std::string path_;

  mutable std::mutex mutex_;
  std::deque<Entry> entries_;
  std::int64_t kept_bytes_ = 0;
  Counts counts_;

  // Of the queue.
  std::uint64_t written_bytes_ = 0;
  bool is_failing_ = false;
  std::unique_ptr<env::WorkQueue> queue_;
};

// What the server's own log says of them: brokers come and go one by one, partitions by the
// thousand.
void say(const std::vector<metadata::Event>& events);

}  // namespace odradek::broker
