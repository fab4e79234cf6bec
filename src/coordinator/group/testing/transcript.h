// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/group/group_machine.h"

namespace odradek::coordinator::group {

// Plays a transcript against a group machine, for tests that a person can read. A line that begins
// with `>` is a request: the time in milliseconds, the request, key=value for its fields. The lines
// after it are what it must bring: records, then replies, each named by the number of the request
// that it answers.
//
//   > 0 join group=g client=a protocols=range
//   #1 join MEMBER_ID_REQUIRED member=a-1
//
// Requests: join, sync, heartbeat, leave, commit, fetch, delete-offsets, describe, list, delete,
// topics-deleted, tick (moves the time in steps, from deadline to deadline), expire, reload
// (replays every record so far into a new machine).
class Transcript {
 public:
  explicit Transcript(const GroupSettings& settings = {});

  // The transcript with the answers as they came; equal to `text` when all is as it should be.
  std::string play(std::string_view text);

 private:
  using Fields = std::map<std::string, std::string>;

  void request(const std::string& line);
  void dispatch(const std::string& name, const Fields& fields);
  void join(const Fields& fields);
  void sync(const Fields& fields);
  void heartbeat(const Fields& fields);
  void leave(const Fields& fields);
  void commit(const Fields& fields);
  void fetch(const Fields& fields);
  void delete_offsets(const Fields& fields);
  void describe(const Fields& fields);
  void list(const Fields& fields);
  void tick();
  void reload();
  void show(Outcome outcome);
  void show_record(const record::JournalRecord& record);
  void say(std::string line);
  Caller caller(const Fields& fields);
  std::unique_ptr<GroupMachine> fresh_machine();

  const GroupSettings settings_;
  std::unique_ptr<GroupMachine> machine_;
  std::vector<record::JournalRecord> log_;
  std::map<std::string, int> suffixes_;
  int next_suffix_ = 1;
  ReplyToken request_number_ = 0;
  Now now_;
  std::string played_;
};

}  // namespace odradek::coordinator::group
