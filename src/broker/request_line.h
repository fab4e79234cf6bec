// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>

#include "broker/refused_batches.h"
#include "env/executor.h"

namespace odradek::broker {

// Requests of one connection that take long to compute and must keep their order: worked on in a
// queue, one at a time. A request that comes behind such a one waits for it, quick as it may be.
// Threads: the connection's loop only.
class RequestLine : public std::enable_shared_from_this<RequestLine> {
 public:
  // `loop`: the connection's. It outlives the line.
  explicit RequestLine(env::Executor& loop) : loop_(loop) {}

  // Whether nothing is before a request that comes now.
  bool is_empty() const { return !is_working_; }
  // `work` is run in `queue`, when all that was added before it has ended; dropped where the queue
  // ends before.
  void add(env::WorkQueue& queue, env::Task work);
  // Of the connection's produce requests. For the one that is worked on, wherever that is.
  RefusedBatches& refused() { return refused_; }
  // The connection has gone: nobody waits for what has not begun.
  void drop() { waiting_.clear(); }

 private:
  struct Waiting {
    env::WorkQueue* queue = nullptr;
    env::Task work;
  };
  void start_next();

  env::Executor& loop_;
  RefusedBatches refused_;
  std::deque<Waiting> waiting_;
  bool is_working_ = false;
};

}  // namespace odradek::broker
