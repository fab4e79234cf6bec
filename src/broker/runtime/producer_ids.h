// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace odradek::broker {

// Hands out producer ids from blocks that the controller gives (KIP-730), so that no id is given
// twice, whatever crashes. Threads: any.
class ProducerIds {
 public:
  using Done = std::move_only_function<void(base::Result<base::ProducerId>)>;

  struct Block {
    base::ProducerId first{0};
    std::int32_t count = 0;
  };
  using BlockHandler = std::move_only_function<void(base::Result<Block>)>;
  // Asks the controller for the next block; any thread.
  using RequestBlock = std::function<void(BlockHandler)>;

  explicit ProducerIds(RequestBlock request) : request_(std::move(request)) {}

  // At once where the block has one left; else when the next block is committed.
  void next(Done done);

 private:
  void request_block();
  void take_block(const base::Result<Block>& block);

  const RequestBlock request_;
  std::mutex mutex_;
  std::int64_t next_ = 0;
  std::int64_t end_ = 0;
  std::vector<Done> waiting_;
};

}  // namespace odradek::broker
