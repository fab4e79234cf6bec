// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/result.h"
#include "coordinator/group/group.h"
#include "record/journal.h"

// What groups keep in __consumer_offsets, in Kafka's own records
// (docs/formats/consumer-offsets.md).
namespace odradek::coordinator::group {

record::JournalRecord group_record(const Group& group);
record::JournalRecord group_tombstone(const std::string& group_id);
record::JournalRecord offset_record(const std::string& group_id, const OffsetKey& key,
                                    const CommittedOffset& offset);
record::JournalRecord offset_tombstone(const std::string& group_id, const OffsetKey& key);

struct ReplayedGroup {
  std::string group_id;
  std::optional<Group> group;  // nothing: a tombstone
};
struct ReplayedOffset {
  std::string group_id;
  OffsetKey key;
  std::optional<CommittedOffset> offset;  // nothing: a tombstone
};
// A record of another kind of group, which this machine leaves alone.
struct OtherRecord {};

[[nodiscard]] base::Result<std::variant<ReplayedGroup, ReplayedOffset, OtherRecord>> decode_record(
    const base::SharedBytes& key, const std::optional<base::SharedBytes>& value);

}  // namespace odradek::coordinator::group
