// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
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

  // At once where a block has one left; else when the next block is committed.
  void next(Done done);
  // From now on a block is asked for before it is needed, the first one here: producers find their
  // ids also while nothing can be decided.
  void keep_reserve();

 private:
  // With the mutex held.
  std::optional<base::ProducerId> take_locked();
  // Whether a block is to be asked for now; then it counts as asked for.
  bool wants_block_locked();
  void request_block();
  void take_block(const base::Result<Block>& block);

  const RequestBlock request_;
  std::mutex mutex_;
  std::int64_t next_ = 0;
  std::int64_t end_ = 0;
  // Comes after the one that is handed out now.
  std::optional<Block> reserve_;
  bool keeps_reserve_ = false;
  bool is_asking_ = false;
  std::vector<Done> waiting_;
};

}  // namespace odradek::broker
