// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "coordinator/group/group.h"
#include "record/journal.h"
#include "wire/messages/delete_groups.h"
#include "wire/messages/describe_groups.h"
#include "wire/messages/heartbeat.h"
#include "wire/messages/join_group.h"
#include "wire/messages/leave_group.h"
#include "wire/messages/list_groups.h"
#include "wire/messages/offset_commit.h"
#include "wire/messages/offset_delete.h"
#include "wire/messages/offset_fetch.h"
#include "wire/messages/sync_group.h"
#include "wire/version.h"

// The classic group protocol (KIP-62, 134, 345, 394, 429) as a machine over one partition of
// __consumer_offsets. Pure: no clock, no I/O, no threads; time is given with each call.
namespace odradek::coordinator::group {

// The settings that decide; named by their keys.
struct GroupSettings {
  std::int32_t min_session_timeout_ms = 6000;      // group.min.session.timeout.ms
  std::int32_t max_session_timeout_ms = 1800000;   // group.max.session.timeout.ms
  std::int32_t initial_rebalance_delay_ms = 3000;  // group.initial.rebalance.delay.ms
  std::int32_t max_size = 2147483647;              // group.max.size
  std::int64_t max_group_bytes = 1000000;          // what message.max.bytes leaves for a record
  std::int32_t offset_metadata_max_bytes = 4096;   // offset.metadata.max.bytes
  std::int64_t offsets_retention_ms = 604800000;   // offsets.retention.minutes
};

// Who asks.
struct Caller {
  ReplyToken reply = kNoReply;
  wire::Version version = 0;
  std::string client_id;
  std::string client_host;  // as Kafka shows it, "/127.0.0.1"
};

using Response = std::variant<wire::JoinGroupResponse, wire::SyncGroupResponse>;

struct LateReply {
  ReplyToken token = kNoReply;
  Response response;
};

// What a call decided. The machine has changed its own state already; `records` make the change
// last. Replies are to be given once the records, and all earlier ones, are committed.
struct Outcome {
  std::vector<record::JournalRecord> records;
  // Each record stands for itself: together they may be more than one batch holds.
  bool is_divisible = false;
  // Of this call's request or of parked ones.
  std::vector<LateReply> replies;
};

// Whether the topic that an offset was committed for is not there any more. `id` is zero where the
// log does not say which topic of that name it was.
using IsTopicGone = std::function<bool(const std::string& name, const base::TopicId& id)>;

template <typename Reply>
struct Answer {
  Outcome outcome;
  Reply reply;
};

// All groups of one partition of __consumer_offsets. Calls are one at a time.
//
// When records could not be appended the machine's state is ahead of the log: the runtime gives it
// up and loads a new one. Every group, member and offset is bounded by what clients may say
// (group.max.size, request sizes).
class GroupMachine {
 public:
  // `new_member_suffix` gives the random part of member ids.
  GroupMachine(const GroupSettings& settings, std::function<std::string()> new_member_suffix);
  ~GroupMachine();

  // Loading: one record of the log, in order. CORRUPT_MESSAGE for one that is no group record.
  [[nodiscard]] base::Result<> replay(const base::SharedBytes& key,
                                      const std::optional<base::SharedBytes>& value);
  // Loading is over: members have their whole session from now on.
  void loaded(const Now& now);

  // Replies now or later, by `caller.reply`.
  Outcome join(const wire::JoinGroupRequest& request, const Caller& caller, const Now& now);
  Outcome sync(const wire::SyncGroupRequest& request, const Caller& caller, const Now& now);
  Answer<wire::HeartbeatResponse> heartbeat(const wire::HeartbeatRequest& request, const Now& now);
  Answer<wire::LeaveGroupResponse> leave(const wire::LeaveGroupRequest& request,
                                         wire::Version version, const Now& now);

  // Topics were resolved by the caller: names are there, whatever the version. Partitions that the
  // caller refused are left out.
  Answer<wire::OffsetCommitResponse> commit_offsets(const wire::OffsetCommitRequest& request,
                                                    wire::Version version, const Now& now);
  wire::OffsetFetchResponse::OffsetFetchResponseGroup fetch_offsets(
      const wire::OffsetFetchRequest::OffsetFetchRequestGroup& request) const;
  Answer<wire::OffsetDeleteResponse> delete_offsets(const wire::OffsetDeleteRequest& request);

  wire::DescribeGroupsResponse::DescribedGroup describe(const std::string& group_id,
                                                        wire::Version version) const;
  // Groups whose state and type the filters (empty: all) let through.
  std::vector<wire::ListGroupsResponse::ListedGroup> list(
      const std::vector<std::string>& states, const std::vector<std::string>& types) const;
  Answer<base::ErrorCode> delete_group(const std::string& group_id);
  // Forgets the offsets of topics that are gone.
  Outcome forget_offsets(const IsTopicGone& is_gone);

  // Time-outs of joins, syncs and sessions that have passed. Call at next_deadline().
  Outcome tick(const Now& now);
  // On the monotonic clock; nothing: no time-out is running.
  std::optional<base::Timestamp> next_deadline() const;
  // Offsets and groups that were kept long enough. Call every offsets.retention.check.interval.ms.
  Outcome expire_offsets(const Now& now);

  const std::map<std::string, std::unique_ptr<Group>>& groups() const { return groups_; }

 private:
  Group* find(const std::string& id) const;
  Group& get_or_create(const std::string& id, const Now& now);

  const GroupSettings settings_;
  const std::function<std::string()> new_member_suffix_;
  std::map<std::string, std::unique_ptr<Group>> groups_;
};

}  // namespace odradek::coordinator::group
