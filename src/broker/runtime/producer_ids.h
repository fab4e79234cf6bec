// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "broker/runtime/metadata_runtime.h"

namespace odradek::broker {

// Hands out producer ids from blocks that the controller gives (KIP-730), so that no id is given
// twice, whatever crashes. Threads: any.
class ProducerIds {
 public:
  using Done = std::move_only_function<void(base::Result<base::ProducerId>)>;

  ProducerIds(base::BrokerId node, MetadataRuntime& runtime) : node_(node), runtime_(runtime) {}

  // At once where the block has one left; else when the next block is committed.
  void next(Done done);

 private:
  void request_block();
  void take_block(base::ProducerId first, const base::Result<>& committed);

  const base::BrokerId node_;
  MetadataRuntime& runtime_;
  std::mutex mutex_;
  std::int64_t next_ = 0;
  std::int64_t end_ = 0;
  std::vector<Done> waiting_;
};

}  // namespace odradek::broker
