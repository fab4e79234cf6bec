// SPDX-License-Identifier: Apache-2.0
#include "quorum/zookeeper/late_view.h"

#include <iterator>
#include <utility>

#include "base/log.h"
#include "quorum/zookeeper/layout.h"

namespace odradek::quorum::zookeeper {
namespace {

constexpr std::string_view kBehind = "behind";
// Records that are decided meanwhile wait for one multi, at most.
constexpr std::size_t kBatchBytes = 128 * 1024;

}  // namespace

Operation LateView::mark() { return Operation::set(path::kView, to_bytes(kBehind)); }

bool LateView::is_mark(base::ByteView text) { return base::as_text(text) == kBehind; }

void LateView::add(std::vector<ViewWrite> writes) {
  is_behind_ = true;
  for (ViewWrite& write : writes) {
    if (const auto older = by_path_.find(write.path); older != by_path_.end()) {
      waiting_.erase(older->second);
      by_path_.erase(older);
    }
    waiting_.push_back(std::move(write));
    by_path_.emplace(waiting_.back().path, std::prev(waiting_.end()));
  }
  if (!is_busy_) write_next();
}

void LateView::resume() {
  ++attempt_;
  if (std::exchange(is_busy_, false)) write_next();
}

void LateView::abandon() {
  ++attempt_;
  is_busy_ = false;
  is_behind_ = false;
  waiting_.clear();
  by_path_.clear();
  batch_.clear();
}

void LateView::write_next() {
  is_busy_ = true;
  if (batch_.empty()) take_batch();
  if (batch_.empty()) return end_mark();
  prepare();
}

void LateView::take_batch() {
  for (std::size_t bytes = 0; !waiting_.empty();) {
    bytes += size_of_view(waiting_.front());
    if (!batch_.empty() && bytes > kBatchBytes) return;
    by_path_.erase(waiting_.front().path);
    batch_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
}

void LateView::prepare() {
  const std::uint64_t attempt = ++attempt_;
  view_.prepare(batch_, [this, attempt](Outcome<std::vector<Operation>> view) {
    // Without a connection, the next one goes on.
    if (attempt == attempt_ && view) send(std::move(*view));
  });
}

void LateView::send(std::vector<Operation> view) {
  std::vector<Operation> operations = {check_of(*election_.lead())};
  operations.insert(operations.end(), view.begin(), view.end());
  session_.multi(std::move(operations),
                 [this, attempt = attempt_, view = std::move(view)](const Outcome<>& outcome) {
                   if (attempt == attempt_) on_answer(view, outcome);
                 });
}

void LateView::on_answer(const std::vector<Operation>& view, const Outcome<>& outcome) {
  if (outcome) {
    view_.applied(view);
    batch_.clear();
    return write_next();
  }
  const Failure& failure = outcome.error();
  if (is_passing(failure) || failure.code == Code::kSessionExpired ||
      failure.code == Code::kClosed) {
    view_.forget();  // what was sent may have been done
    return;          // resume() or abandon() follows
  }
  const std::size_t place = failure.operation.value_or(0);
  if (place == 0) return election_.lose("the controller epoch was raised");
  if (view_.on_refused(view[place - 1], failure)) return prepare();
  base::log::error("quorum", "{} nodes of ZooKeeper's tree are not written: {}", batch_.size(),
                   failure.message);
  batch_.clear();
  write_next();
}

void LateView::end_mark() {
  session_.multi({check_of(*election_.lead()), Operation::set(path::kView, {})},
                 [this, attempt = ++attempt_](const Outcome<>& outcome) {
                   // Without an answer, resume() or abandon() follows.
                   if (attempt != attempt_ || (!outcome && is_passing(outcome.error()))) return;
                   is_busy_ = false;
                   is_behind_ = !outcome || !waiting_.empty();
                   if (!outcome) return;
                   if (is_behind_) write_next();
                 });
}

}  // namespace odradek::quorum::zookeeper
