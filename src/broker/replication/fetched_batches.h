// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "replica/partition.h"
#include "wire/messages/fetch.h"

// What a follower does with one partition's part of its leader's answer.
namespace odradek::broker {

// The whole batches at the front of what a leader sent, without what only begins at the end.
// CORRUPT_MESSAGE where one is damaged, by its checksum or its header.
[[nodiscard]] base::Result<base::SharedBytes> whole_batches(const base::SharedBytes& records);

// The leader's log differs from this one.
bool is_diverging(const wire::FetchResponse::PartitionData& data);

// Whether take_fetched would wait for the disk, for longer than a write to the page cache takes: it
// is to run on a worker then.
bool must_wait_for_disk(replica::Partition& partition,
                        const wire::FetchResponse::PartitionData& data);

// Appends what the leader sent in answer to a fetch of `epoch`, or cuts the log where the two part,
// and takes over the high watermark and the log start. An empty log takes a batch that begins
// before it, and then begins there; so does one whose records are all deleted at the leader.
// OFFSET_OUT_OF_RANGE where the leader's log begins behind this one's end or ends before it; the
// leader's error otherwise; CORRUPT_MESSAGE; what Partition gives. Nothing is appended behind what
// failed.
[[nodiscard]] base::Result<> take_fetched(replica::Partition& partition, base::LeaderEpoch epoch,
                                          const wire::FetchResponse::PartitionData& data);

}  // namespace odradek::broker
