// SPDX-License-Identifier: Apache-2.0
#include "broker/request_line.h"

#include <utility>

namespace odradek::broker {

void RequestLine::add(env::WorkQueue& queue, env::Task work) {
  waiting_.push_back({&queue, std::move(work)});
  if (!is_working_) start_next();
}

void RequestLine::start_next() {
  is_working_ = !waiting_.empty();
  if (!is_working_) return;
  Waiting next = std::move(waiting_.front());
  waiting_.pop_front();
  next.queue->submit([self = shared_from_this(), work = std::move(next.work)]() mutable {
    work();
    work = nullptr;
    env::Executor& loop = self->loop_;
    loop.post([self = std::move(self)] { self->start_next(); });
  });
}

}  // namespace odradek::broker
