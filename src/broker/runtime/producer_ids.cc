// SPDX-License-Identifier: Apache-2.0
#include "broker/runtime/producer_ids.h"

#include <memory>
#include <utility>

#include "metadata/controller/cluster.h"

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
  auto first = std::make_shared<base::ProducerId>();
  runtime_.submit(
      [this, first](const metadata::ClusterImage& image) {
        *first = image.next_producer_id;
        std::vector<metadata::MetadataRecord> records;
        if (const auto* broker = image.find_broker(node_)) {
          records.push_back(metadata::allocate_producer_ids(image, *broker));
        }
        return records;
      },
      [this, first](const base::Result<>& committed) { take_block(*first, committed); });
}

void ProducerIds::take_block(base::ProducerId first, const base::Result<>& committed) {
  std::vector<Done> served;
  std::vector<base::ProducerId> ids;
  bool wants_more = false;
  {
    const std::lock_guard lock(mutex_);
    if (committed) {
      next_ = first.value();
      end_ = next_ + metadata::kProducerIdBlockSize;
    }
    while (!waiting_.empty() && (!committed || next_ < end_)) {
      if (committed) ids.emplace_back(next_++);
      served.push_back(std::move(waiting_.back()));
      waiting_.pop_back();
    }
    wants_more = !waiting_.empty();
  }
  for (std::size_t i = 0; i < served.size(); ++i) {
    if (committed) {
      served[i](ids[i]);
    } else {
      served[i](base::fail(committed.error()));
    }
  }
  if (wants_more) request_block();
}

}  // namespace odradek::broker
