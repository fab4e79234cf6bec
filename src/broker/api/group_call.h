// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "broker/request.h"
#include "broker/runtime/group/group_service.h"
#include "broker/services.h"

namespace odradek::broker::api {

// Asks the machine that keeps the group: `decide(machine, now)` gives a group::Answer<Reply>;
// `done(Result<Reply>)` is called once that is committed, or with why the group can't be asked
// here.
template <typename Reply, typename Decide, typename Done>
void call_group(const Services& services, const std::string& group_id, Decide decide, Done done) {
  auto shard = services.groups.shard_of(group_id);
  if (!shard) {
    done(base::Result<Reply>(std::unexpected(shard.error())));
    return;
  }
  auto reply = std::make_shared<Reply>();
  (*shard)->run(
      [reply, decide = std::move(decide)](group::GroupMachine& machine,
                                          const group::Now& now) mutable {
        auto answer = decide(machine, now);
        *reply = std::move(answer.reply);
        return std::move(answer.outcome);
      },
      [reply, done = std::move(done)](const base::Result<>& committed) mutable {
        if (committed) {
          done(base::Result<Reply>(std::move(*reply)));
        } else {
          done(base::Result<Reply>(std::unexpected(committed.error())));
        }
      });
}

}  // namespace odradek::broker::api
