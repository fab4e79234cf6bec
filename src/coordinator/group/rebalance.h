// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/ids.h"
#include "coordinator/group/group_machine.h"

// The steps of a group's life, shared by the requests that cause them.
namespace odradek::coordinator::group {

// One call on one group: what it decides goes to `outcome`.
class Rebalance {
 public:
  Rebalance(const GroupSettings& settings, Group& group, const Now& now, Outcome& outcome)
      : settings_(settings), group_(group), now_(now), outcome_(outcome) {}

  // Asks everybody to join again, because of `cause`; ends at once where everybody has joined.
  void begin(std::string cause);
  // Ends the joining when everybody has joined or the time is over.
  void complete_join_if_ready();
  // The time to join is over.
  void join_timed_out();
  // Members that did not ask for their assignment in time are removed.
  void sync_timed_out();

  void add_member(Member member, ReplyToken reply);
  void update_member(Member& member, Member update, ReplyToken reply);
  // Answers whatever the member waits for with `code`, takes it out and goes on without it.
  void remove_member(const std::string& id, base::ErrorCode code, std::string cause);
  // Takes the member out, without going on.
  void forget_member(const std::string& id, base::ErrorCode code);
  // The member is alive: its session begins anew.
  void renew_session(Member& member);

  // Answers with the current generation; the leader gets the members with it.
  void answer_join(Member& member, ReplyToken reply, bool skip_assignment = false);
  void answer_join_error(ReplyToken reply, base::ErrorCode code, const std::string& member_id);
  void answer_sync(Member& member, base::ErrorCode code);

  void enter(GroupState state);
  // The group as it is now, to be kept.
  void write_group();

 private:
  void begin_initial_delay();
  void complete_join();
  bool elect_joined_leader();

  const GroupSettings& settings_;
  Group& group_;
  const Now now_;
  Outcome& outcome_;
};

}  // namespace odradek::coordinator::group
