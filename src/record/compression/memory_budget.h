// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace odradek::record::compression {

// Bytes that may be in use at once, given out in the order asked for. Whoever holds a lease never
// asks for a second one and never waits for anything else, so waiting always ends. Threads: any.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::size_t bytes) : capacity_(bytes), available_(bytes) {}

  // Bytes of the budget, given back when it dies.
  class Lease {
   public:
    Lease() = default;
    // Waits until `bytes` are free. REQUIRES: at most the whole budget.
    Lease(MemoryBudget& budget, std::size_t bytes);
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&& other) noexcept;
    ~Lease() { release(); }

    void release();
    std::size_t bytes() const { return bytes_; }

   private:
    MemoryBudget* budget_ = nullptr;
    std::size_t bytes_ = 0;
  };

  std::size_t available() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  const std::size_t capacity_;
  std::size_t available_;
  // Tickets: who comes first is served first, so that a large lease is not starved by small ones.
  std::uint64_t next_ticket_ = 0;
  std::uint64_t serving_ = 0;
};

// The process's budget for windows and blocks: kMaxWindowSize.
MemoryBudget& decompression_budget();
// What needs no more than this takes no lease.
inline constexpr std::size_t kUnbudgetedSize = 1024 * 1024;

// A lease of the process's budget where `bytes` need one.
MemoryBudget::Lease lease_for(std::size_t bytes);

}  // namespace odradek::record::compression
