// SPDX-License-Identifier: Apache-2.0
#include "record/compression/memory_budget.h"

#include <utility>

#include "base/assert.h"
#include "record/compression/decompressor.h"

namespace odradek::record::compression {

MemoryBudget::Lease::Lease(MemoryBudget& budget, std::size_t bytes)
    : budget_(&budget), bytes_(bytes) {
  ODRADEK_ASSERT(bytes <= budget.capacity_);
  std::unique_lock lock(budget.mutex_);
  const std::uint64_t ticket = budget.next_ticket_++;
  budget.changed_.wait(lock,
                       [&] { return budget.serving_ == ticket && budget.available_ >= bytes; });
  budget.available_ -= bytes;
  ++budget.serving_;
  budget.changed_.notify_all();
}

MemoryBudget::Lease::Lease(Lease&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

MemoryBudget::Lease& MemoryBudget::Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    release();
    budget_ = std::exchange(other.budget_, nullptr);
    bytes_ = std::exchange(other.bytes_, 0);
  }
  return *this;
}

void MemoryBudget::Lease::release() {
  if (budget_ == nullptr) return;
  const std::lock_guard lock(budget_->mutex_);
  budget_->available_ += std::exchange(bytes_, 0);
  budget_->changed_.notify_all();
  budget_ = nullptr;
}

std::size_t MemoryBudget::available() const {
  const std::lock_guard lock(mutex_);
  return available_;
}

MemoryBudget& decompression_budget() {
  static MemoryBudget budget(kMaxWindowSize);
  return budget;
}

MemoryBudget::Lease lease_for(std::size_t bytes) {
  if (bytes <= kUnbudgetedSize) return {};
  return {decompression_budget(), bytes};
}

}  // namespace odradek::record::compression
