// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

#include "broker/request.h"
#include "log/directory/log_directory.h"

namespace odradek::broker::api {

// An answer with parts that need the disk: each part is filled in on its directory's queue, so that
// a slow disk delays only what lies on it, and no loop waits. Sends once everything is done.
template <typename Response>
class DiskAnswer : public std::enable_shared_from_this<DiskAnswer<Response>> {
 public:
  explicit DiskAnswer(Responder<Response> responder) : responder_(std::move(responder)) {}

  // Complete in shape before the first add(): parts keep pointers into it.
  Response& response() { return response_; }

  // `work` fills in a part of the response that no other work touches.
  void add(log::directory::LogDirectory& directory, env::Task work) {
    ++open_;
    directory.work_queue().submit(
        [self = this->shared_from_this(), work = std::move(work)]() mutable {
          work();
          self->finish_one();
        });
  }
  // Nothing is added after this.
  void finish() { finish_one(); }

 private:
  void finish_one() {
    if (--open_ == 0) responder_.send(response_);
  }

  Responder<Response> responder_;
  Response response_;
  // One more than there are parts, until finish().
  std::atomic<std::size_t> open_ = 1;
};

}  // namespace odradek::broker::api
