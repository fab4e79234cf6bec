// SPDX-License-Identifier: Apache-2.0
#include "quorum/zookeeper/committer.h"

#include <fmt/core.h>

#include <span>
#include <utility>

#include "base/assert.h"

namespace odradek::quorum::zookeeper {
namespace {

// The epoch's check and the node of the change come before the view's operations.
constexpr std::size_t kChangeOperation = 1;
constexpr std::size_t kFirstViewOperation = 2;

}  // namespace

void Committer::commit(std::vector<Part> parts, Handler handler) {
  ODRADEK_ASSERT(is_idle() && election_.lead() && !parts.empty());
  parts_ = std::move(parts);
  part_ = 0;
  handler_ = std::move(handler);
  submit();
}

void Committer::submit() {
  is_sent_ = false;
  const std::uint64_t attempt = ++attempt_;
  view_.prepare(parts_[part_].view, [this, attempt](Outcome<std::vector<Operation>> view) {
    // Without a connection, the next one goes on.
    if (attempt != attempt_ || !view) return;
    send(std::move(*view));
  });
}

void Committer::send(std::vector<Operation> view) {
  const Part& part = parts_[part_];
  std::vector<Operation> operations = {
      check_of(*election_.lead()),  // It may hold credentials.
      Operation::create(change_path(part.base_offset), part.batch, Operation::Life::kPersistent,
                        Operation::Readers::kCreator)};
  operations.insert(operations.end(), view.begin(), view.end());
  is_sent_ = true;
  session_.multi_with_versions(std::move(operations),
                               [this, attempt = attempt_, view = std::move(view)](auto versions) {
                                 if (attempt == attempt_) on_answer(view, versions);
                               });
}

void Committer::on_answer(const std::vector<Operation>& view,
                          const Outcome<std::vector<std::int32_t>>& versions) {
  if (versions) {
    view_.applied(view, std::span(*versions).subspan(kFirstViewOperation));
    return part_done();
  }
  const Failure& failure = versions.error();
  if (is_passing(failure) || failure.code == Code::kSessionExpired ||
      failure.code == Code::kClosed) {
    return;  // resume() or abandon() follows
  }
  is_sent_ = false;
  on_refused(view, failure);
}

void Committer::on_refused(const std::vector<Operation>& view, const Failure& failure) {
  const std::size_t place = failure.operation.value_or(0);
  if (failure.code == Code::kTooLarge) {
    return finish(base::fail(base::ErrorCode::kRecordListTooLarge, failure.message));
  }
  if (place < kFirstViewOperation) {
    return election_.lose(place == kChangeOperation ? "another one writes the change log"
                                                    : "the controller epoch was raised");
  }
  if (view_.on_refused(view[place - kFirstViewOperation], failure)) return submit();
  finish(base::fail(base::ErrorCode::kUnknownServerError, failure.message));
}

void Committer::resume() {
  if (is_idle()) return;
  if (is_sent_) {
    read_own();
  } else {
    submit();
  }
}

void Committer::read_own() {
  const std::uint64_t attempt = ++attempt_;
  session_.sync([](Outcome<>) {});
  session_.get(change_path(parts_[part_].base_offset), [this, attempt](Outcome<Node> node) {
    if (attempt != attempt_) return;
    if (node && node->bytes == parts_[part_].batch) {
      // The view's nodes have other versions than are known here.
      view_.forget();
      return part_done();
    }
    if (node) return election_.lose("another one writes the change log");
    if (node.error().code == Code::kNoNode) submit();
  });
}

void Committer::part_done() {
  is_sent_ = false;
  const Part part = std::move(parts_[part_]);
  log_.take(part.base_offset, part.batch);
  if (is_idle()) return;  // lost in the middle of that
  if (++part_ < parts_.size()) return submit();
  finish(Position{part.end_offset, election_.lead()->epoch});
}

void Committer::abandon(const std::string& why) {
  if (is_idle()) return;
  finish(base::fail(base::ErrorCode::kNotController,
                    fmt::format("no longer the controller: {}", why)));
}

void Committer::finish(base::Result<Position> result) {
  ++attempt_;
  is_sent_ = false;
  parts_.clear();
  auto handler = std::exchange(handler_, {});
  handler(std::move(result));
}

}  // namespace odradek::quorum::zookeeper
