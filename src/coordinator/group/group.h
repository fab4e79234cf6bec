// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/uuid.h"

// The state of one classic consumer group. Plain data; group_machine.h changes it.
namespace odradek::coordinator::group {

// Names a request whose reply is still to come; the runtime's to choose.
using ReplyToken = std::uint64_t;
inline constexpr ReplyToken kNoReply = 0;

// Two clocks: `wall` for what is written down, `monotonic` (milliseconds from any beginning) for
// time-outs, so that a jump of the time of day ends no session.
struct Now {
  base::Timestamp wall;
  base::Timestamp monotonic;
};

enum class GroupState : std::uint8_t {
  kEmpty,                // no members; offsets may be there
  kPreparingRebalance,   // members are asked to join again
  kCompletingRebalance,  // everybody joined; the leader's assignment is awaited
  kStable,
  kDead,
};

// Kafka's name of the state, such as PreparingRebalance.
const char* state_name(GroupState state);

struct Protocol {
  std::string name;
  base::SharedBytes metadata;

  friend bool operator==(const Protocol&, const Protocol&) = default;
};

struct Member {
  std::string id;
  std::optional<std::string> instance_id;  // group.instance.id of a static member
  std::string client_id;
  std::string client_host;
  std::int32_t session_timeout_ms = 0;
  std::int32_t rebalance_timeout_ms = 0;
  std::vector<Protocol> protocols;  // in the member's order of preference
  base::SharedBytes assignment;

  // Joined in the rebalance that is being prepared, and has not had its answer.
  ReplyToken join_reply = kNoReply;
  // Waits for its assignment.
  ReplyToken sync_reply = kNoReply;
  // Has been added in the rebalance that is being prepared: it has no session yet.
  bool is_new = false;
  // When the member is thought dead unless it is heard of before; while a reply waits it is not.
  base::Timestamp session_deadline{0};

  bool supports(const std::string& protocol) const;
  // Of a protocol that the member supports.
  const base::SharedBytes& metadata(const std::string& protocol) const;
};

struct CommittedOffset {
  base::Offset offset;
  base::LeaderEpoch leader_epoch = base::kNoLeaderEpoch;
  std::string metadata;
  base::Timestamp commit_time;
  // Set by clients that chose a retention (versions 2 to 4); else nothing.
  std::optional<base::Timestamp> expire_time;
  base::TopicId topic_id;
};

using OffsetKey = std::pair<std::string, std::int32_t>;  // topic, partition

struct Group {
  std::string id;
  GroupState state = GroupState::kEmpty;
  base::Timestamp state_time{0};  // of the last change of state
  std::string protocol_type;      // empty: of offsets alone
  std::optional<std::string> protocol_name;
  std::int32_t generation = 0;
  std::optional<std::string> leader;
  std::map<std::string, Member> members;
  std::map<std::string, std::string> static_members;  // instance id → member id
  // Ids given out by MEMBER_ID_REQUIRED and not used yet, and until when they are good.
  std::map<std::string, base::Timestamp> pending_members;
  // Members that have joined the generation and not asked for their assignment.
  std::set<std::string> pending_sync;
  std::map<OffsetKey, CommittedOffset> offsets;

  // Of the rebalance that is being prepared: until when members may join, and, for a group that was
  // empty, how much longer it may wait for more of them (group.initial.rebalance.delay.ms).
  base::Timestamp join_deadline{0};
  bool is_initial_delay = false;
  std::int64_t initial_delay_left_ms = 0;
  bool joined_since_delay_began = false;
  // Until when members of the generation must ask for their assignment.
  base::Timestamp sync_deadline{0};
  // Why the last rebalance began.
  std::string rebalance_cause;

  bool supports_protocols(const std::string& type, const std::vector<Protocol>& protocols) const;
  std::int32_t max_rebalance_timeout_ms() const;
  // The protocol that most members prefer among those that all support. REQUIRES: members.
  std::string select_protocol() const;
  bool all_members_joined() const;
};

}  // namespace odradek::coordinator::group
