// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace odradek::net {

// The memory of all requests that are arriving or unanswered (`queued.max.request.bytes`). Over
// the limit nobody reads on, but for one at a time, so that frames which are half there cannot
// wait for each other: at most the limit and one request are taken. Threads: any.
class RequestBudget {
 public:
  explicit RequestBudget(std::size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  std::size_t limit_bytes() const { return limit_bytes_; }
  std::size_t used_bytes() const { return used_bytes_; }
  bool exhausted() const { return used_bytes() >= limit_bytes_; }

  void take(std::size_t bytes) { used_bytes_.fetch_add(bytes); }
  // Whether this made room where there was none: those who wait may go on.
  bool give_back(std::size_t bytes) {
    const std::size_t before = used_bytes_.fetch_sub(bytes);
    return before >= limit_bytes_ && before - bytes < limit_bytes_;
  }

  // The one who may read on over the limit, by connection id; 0 is nobody.
  bool try_overdraw(std::uint64_t connection) {
    std::uint64_t nobody = 0;
    return overdrawing_.compare_exchange_strong(nobody, connection) || nobody == connection;
  }
  bool overdraws(std::uint64_t connection) const { return overdrawing_ == connection; }
  // Whether it was the one.
  bool end_overdraft(std::uint64_t connection) {
    return overdrawing_.compare_exchange_strong(connection, 0);
  }

 private:
  const std::size_t limit_bytes_;
  std::atomic<std::size_t> used_bytes_ = 0;
  std::atomic<std::uint64_t> overdrawing_ = 0;
};

}  // namespace odradek::net
