// SPDX-License-Identifier: Apache-2.0
#include "quorum/zookeeper/snapshot_writer.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/assert.h"
#include "quorum/zookeeper/change.h"

namespace odradek::quorum::zookeeper {
namespace {

constexpr std::size_t kChunkBytes = 448 * 1024;
constexpr std::size_t kRemovalsAtOnce = 500;

std::vector<base::SharedBytes> to_chunks(const Position& position, base::Timestamp timestamp,
                                         const std::vector<base::SharedBytes>& records) {
  std::vector<base::SharedBytes> chunks;
  std::vector<base::SharedBytes> chunk;
  std::size_t bytes = 0;
  std::int64_t offset = 0;
  const auto close = [&] {
    if (chunk.empty()) return;
    chunks.push_back(make_batch(base::Offset(offset), position.epoch, timestamp, chunk));
    offset += std::ssize(chunk);
    chunk.clear();
    bytes = 0;
  };
  for (const base::SharedBytes& record : records) {
    if (bytes + size_in_batch(record) > kChunkBytes) close();
    chunk.push_back(record);
    bytes += size_in_batch(record);
  }
  close();
  return chunks;
}

}  // namespace

void SnapshotWriter::write(const Position& position, base::Timestamp timestamp,
                           const std::vector<base::SharedBytes>& records, Handler handler) {
  ODRADEK_ASSERT(is_idle() && election_.lead());
  position_ = position;
  handler_ = std::move(handler);
  step_ = 0;
  steps_.clear();
  const auto chunks = to_chunks(position, timestamp, records);
  steps_.push_back({Operation::create(snapshot_path(position), {})});
  for (int i = 0; i < static_cast<int>(chunks.size()); ++i) {
    steps_.push_back(
        {Operation::create(chunk_path(position, i), chunks[static_cast<std::size_t>(i)],
                           Operation::Life::kPersistent, Operation::Readers::kCreator)});
  }
  const SnapshotPointer pointer{position, static_cast<int>(chunks.size()), timestamp};
  steps_.push_back({Operation::set(path::kSnapshotPointer, encode(pointer))});
  next_step();
}

void SnapshotWriter::resume() {
  if (!is_idle()) next_step();
}

void SnapshotWriter::next_step() {
  ++attempt_;
  if (step_ == steps_.size()) return list_snapshots();
  run(steps_[step_]);
}

void SnapshotWriter::run(std::vector<Operation> operations) {
  operations.insert(operations.begin(), check_of(*election_.lead()));
  session_.multi(std::move(operations), [this, attempt = attempt_](Outcome<> outcome) {
    if (attempt != attempt_) return;
    if (!outcome && (is_passing(outcome.error()) || outcome.error().code == Code::kSessionExpired ||
                     outcome.error().code == Code::kClosed)) {
      return;  // resume() or abandon() follows
    }
    const bool is_lead_lost = !outcome && outcome.error().operation.value_or(1) == 0;
    if (is_lead_lost) return election_.lose("the controller epoch was raised");
    // Done the first time already; or what was to go has gone.
    const bool was_done = outcome || outcome.error().code == Code::kNodeExists ||
                          outcome.error().code == Code::kNoNode;
    if (!was_done) {
      return finish(base::fail(base::ErrorCode::kUnknownServerError, outcome.error().message));
    }
    if (step_ < steps_.size()) ++step_;
    next_step();
  });
}

void SnapshotWriter::list_snapshots() {
  session_.children(path::kSnapshots,
                    [this, attempt = attempt_](Outcome<std::vector<std::string>> names) {
                      if (attempt != attempt_ || !names) return;
                      std::erase(*names, snapshot_name(position_));
                      if (names->empty()) return list_changes();
                      list_chunks(std::move(*names));
                    });
}

// The chunks of one that goes, and itself.
void SnapshotWriter::list_chunks(std::vector<std::string> names) {
  const std::string path = fmt::format("{}/{}", path::kSnapshots, names.front());
  session_.children(path,
                    [this, attempt = attempt_, path](Outcome<std::vector<std::string>> chunks) {
                      if (attempt != attempt_) return;
                      if (!chunks) {
                        if (chunks.error().code == Code::kNoNode) next_step();
                        return;
                      }
                      std::vector<std::string> paths;
                      for (const std::string& chunk : *chunks) {
                        paths.push_back(fmt::format("{}/{}", path, chunk));
                      }
                      paths.push_back(path);
                      trim(std::move(paths));
                    });
}

void SnapshotWriter::list_changes() {
  session_.children(path::kChanges,
                    [this, attempt = attempt_](Outcome<std::vector<std::string>> names) {
                      if (attempt != attempt_ || !names) return;
                      std::vector<std::string> paths;
                      for (const std::string& name : *names) {
                        const auto offset = parse_change_name(name);
                        if (offset && *offset < position_.end_offset)
                          paths.push_back(change_path(*offset));
                      }
                      if (paths.empty()) return finish({});
                      trim(std::move(paths));
                    });
}

void SnapshotWriter::trim(std::vector<std::string> paths) {
  std::vector<Operation> removals;
  paths.resize(std::min(paths.size(), kRemovalsAtOnce));
  for (std::string& path : paths) removals.push_back(Operation::remove(std::move(path)));
  run(std::move(removals));
}

void SnapshotWriter::abandon(const std::string& why) {
  if (is_idle()) return;
  finish(base::fail(base::ErrorCode::kNotController,
                    fmt::format("no longer the controller: {}", why)));
}

void SnapshotWriter::finish(base::Result<> result) {
  ++attempt_;
  steps_.clear();
  auto handler = std::exchange(handler_, {});
  handler(std::move(result));
}

}  // namespace odradek::quorum::zookeeper
