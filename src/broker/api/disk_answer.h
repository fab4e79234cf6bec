// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

#include "broker/request.h"
#include "log/directory/log_directory.h"
#include "replica/partition.h"

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
  // Like add(), once everything in the partition before `end` is committed, or the partition is
  // given up. With acks 0 and 1 a client is answered before that; what it asks next is to show its
  // own records.
  void add_when_committed(std::shared_ptr<replica::Partition> partition, base::Offset end,
                          env::Task work) {
    ++open_;
    replica::Partition& awaited = *partition;
    awaited.when_committed(end,
                           [self = this->shared_from_this(), partition = std::move(partition),
                            work = std::move(work)](const base::Result<>& /*outcome*/) mutable {
                             partition->log().directory().work_queue().submit(
                                 [self = std::move(self), work = std::move(work)]() mutable {
                                   work();
                                   self->finish_one();
                                 });
                           });
  }
  // A part that waits for something else than a disk, until what is returned is called, once.
  std::move_only_function<void()> add_wait() {
    ++open_;
    return [self = this->shared_from_this()] { self->finish_one(); };
  }
  // Only parts that were added add others after this.
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
