// SPDX-License-Identifier: Apache-2.0
#include "broker/runtime/producer_ids.h"

#include <utility>

namespace odradek::broker {

namespace {

// So few are left when the next block is asked for: a tenth of one, as in Kafka.
constexpr std::int64_t kFewIds = 100;

}  // namespace

void ProducerIds::next(Done done) {
  std::unique_lock lock(mutex_);
  const std::optional<base::ProducerId> id = take_locked();
  if (!id) waiting_.push_back(std::move(done));
  const bool wants_block = wants_block_locked();
  lock.unlock();
  if (id) done(*id);
  if (wants_block) request_block();
}

void ProducerIds::keep_reserve() {
  std::unique_lock lock(mutex_);
  keeps_reserve_ = true;
  const bool wants_block = wants_block_locked();
  lock.unlock();
  if (wants_block) request_block();
}

std::optional<base::ProducerId> ProducerIds::take_locked() {
  if (next_ == end_ && reserve_) {
    next_ = reserve_->first.value();
    end_ = next_ + reserve_->count;
    reserve_.reset();
  }
  if (next_ == end_) return std::nullopt;
  return base::ProducerId(next_++);
}

bool ProducerIds::wants_block_locked() {
  const bool is_short = keeps_reserve_ && !reserve_ && end_ - next_ < kFewIds;
  if (is_asking_ || (waiting_.empty() && !is_short)) return false;
  is_asking_ = true;
  return true;
}

void ProducerIds::request_block() {
  request_([this](const base::Result<Block>& block) { take_block(block); });
}

void ProducerIds::take_block(const base::Result<Block>& block) {
  std::vector<std::pair<Done, base::Result<base::ProducerId>>> served;
  std::unique_lock lock(mutex_);
  is_asking_ = false;
  if (block) reserve_ = *block;
  while (!waiting_.empty()) {
    const std::optional<base::ProducerId> id = take_locked();
    if (!id && block) break;
    served.emplace_back(std::move(waiting_.back()),
                        id ? base::Result<base::ProducerId>(*id) : base::fail(block.error()));
    waiting_.pop_back();
  }
  // After an error it is asked again when somebody needs an id.
  const bool wants_block = block && wants_block_locked();
  lock.unlock();
  for (auto& [done, result] : served) done(std::move(result));
  if (wants_block) request_block();
}

}  // namespace odradek::broker
