// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "base/topic_partition.h"
#include "sim/router.h"

// Where a partition begins and ends now, as its leader says (ListOffsets).
namespace odradek::sim_test {

Task<base::Result<base::Offset>> find_start(Router& router, base::TopicPartition partition);
Task<base::Result<base::Offset>> find_end(Router& router, base::TopicPartition partition);

}  // namespace odradek::sim_test
