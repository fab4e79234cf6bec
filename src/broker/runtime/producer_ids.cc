// SPDX-License-Identifier: Apache-2.0
#include "broker/runtime/producer_ids.h"

#include <utility>

namespace odradek::broker {

void ProducerIds::next(Done done) {
  {
    std::unique_lock lock(mutex_);
    if (next_ < end_) {
      const base::ProducerId id(next_++);
      lock.unlock();
      done(id);
      return;
    }
    waiting_.push_back(std::move(done));
    if (waiting_.size() > 1) return;
  }
  request_block();
}

void ProducerIds::request_block() {
  request_([this](const base::Result<Block>& block) { take_block(block); });
}

void ProducerIds::take_block(const base::Result<Block>& block) {
  std::vector<Done> served;
  std::vector<base::ProducerId> ids;
  bool wants_more = false;
  {
    const std::lock_guard lock(mutex_);
    if (block) {
      next_ = block->first.value();
      end_ = next_ + block->count;
    }
    while (!waiting_.empty() && (!block || next_ < end_)) {
      if (block) ids.emplace_back(next_++);
      served.push_back(std::move(waiting_.back()));
      waiting_.pop_back();
    }
    wants_more = !waiting_.empty();
  }
  for (std::size_t i = 0; i < served.size(); ++i) {
    if (block) {
      served[i](ids[i]);
    } else {
      served[i](base::fail(block.error()));
    }
  }
  if (wants_more) request_block();
}

}  // namespace odradek::broker
