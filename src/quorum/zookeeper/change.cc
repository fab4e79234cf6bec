// SPDX-License-Identifier: Apache-2.0
#include "quorum/zookeeper/change.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "record/build.h"
#include "record/record_reader.h"

namespace odradek::quorum::zookeeper {
namespace {

// What one record or node may take of a multi: what is left is for the check of the epoch, for
// parents of view nodes that miss and for the batch's own frame.
constexpr std::size_t kMaxPartBytes = zookeeper::kMaxMultiBytes - 32 * 1024;
// Where a part ends that could take more: a server keeps its last 500 transactions in memory
// (commitLogCount), each about four times, so that full multis would fill a heap of half a GiB.
constexpr std::size_t kPartBytes = 64 * 1024;
// What is around a node in a multi: size_of(), and its parent's creation, seldom as it is.
constexpr std::size_t kAroundView = 512;
// Types of schema/records/metadata.msg.
constexpr std::uint8_t kNoOpType = 20;
constexpr std::uint8_t kBeginType = 23;
constexpr std::uint8_t kEndType = 24;
constexpr std::uint8_t kAbortType = 25;

std::size_t size_of_view(const ViewWrite& write) {
  return kAroundView + write.path.size() + write.bytes.size();
}

// What goes into one part.
struct Load {
  std::vector<base::SharedBytes> records;
  std::vector<ViewWrite> view;
  std::size_t bytes = 0;
};

class Packer {
 public:
  Packer() { loads_.emplace_back(); }

  bool add(base::SharedBytes record) {
    if (!make_room(size_in_batch(record))) return false;
    loads_.back().records.push_back(std::move(record));
    return true;
  }
  bool add(ViewWrite write) {
    if (!make_room(size_of_view(write))) return false;
    loads_.back().view.push_back(std::move(write));
    return true;
  }
  std::vector<Load>& loads() { return loads_; }

 private:
  bool make_room(std::size_t bytes) {
    if (bytes > kMaxPartBytes) return false;
    const bool is_empty = loads_.back().bytes == 0;
    if (!is_empty && loads_.back().bytes + bytes > kPartBytes) loads_.emplace_back();
    loads_.back().bytes += bytes;
    return true;
  }

  std::vector<Load> loads_;
};

// Every part is a node of the log, so that its outcome can be read.
void fill(std::vector<Load>& loads) {
  for (Load& load : loads) {
    if (load.records.empty()) load.records.push_back(make_marker(Marker::kNoOp));
  }
}

// Several are a transaction.
void add_markers(std::vector<Load>& loads) {
  if (loads.size() == 1) return;
  auto& first = loads.front().records;
  first.insert(first.begin(), make_marker(Marker::kBegin));
  loads.back().records.push_back(make_marker(Marker::kEnd));
  fill(loads);
}

auto too_large(const char* what, std::size_t bytes) {
  return base::fail(base::ErrorCode::kRecordListTooLarge,
                    fmt::format("{} of {} bytes does not fit into one of ZooKeeper's "
                                "transactions, which are kept below {} bytes",
                                what, bytes, kMaxMultiBytes));
}

base::Result<> add_view(std::vector<ViewWrite> view, Packer& packer) {
  for (ViewWrite& write : view) {
    const std::size_t bytes = write.bytes.size();
    if (!packer.add(std::move(write))) return too_large("a node", bytes);
  }
  return {};
}

std::vector<Part> parts_of(std::vector<Load>& loads, base::Offset base_offset,
                           base::LeaderEpoch epoch, base::Timestamp timestamp) {
  std::vector<Part> parts;
  for (Load& load : loads) {
    Part part;
    part.base_offset = base_offset;
    base_offset = base::Offset(base_offset.value() + std::ssize(load.records));
    part.end_offset = base_offset;
    part.batch = make_batch(part.base_offset, epoch, timestamp, load.records);
    part.view = std::move(load.view);
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace

base::SharedBytes make_marker(Marker marker) {
  std::uint8_t type = kNoOpType;
  if (marker == Marker::kBegin) type = kBeginType;
  if (marker == Marker::kEnd) type = kEndType;
  if (marker == Marker::kAbort) type = kAbortType;
  // Frame version, type, version, no tagged fields.
  const std::uint8_t bytes[] = {1, type, 0, 0};
  return base::SharedBytes::copy(bytes);
}

Marker marker_of(base::ByteView record) {
  if (record.size() < 2 || record[0] != 1) return Marker::kNone;
  switch (record[1]) {
    case kBeginType:
      return Marker::kBegin;
    case kEndType:
      return Marker::kEnd;
    case kAbortType:
      return Marker::kAbort;
    case kNoOpType:
      return Marker::kNoOp;
    default:
      return Marker::kNone;
  }
}

base::SharedBytes make_batch(base::Offset base_offset, base::LeaderEpoch epoch,
                             base::Timestamp timestamp,
                             const std::vector<base::SharedBytes>& records) {
  record::BatchOptions options;
  options.base_offset = base_offset;
  options.leader_epoch = epoch;
  record::BatchBuilder builder(options);
  for (const base::SharedBytes& record : records) {
    builder.append(timestamp, std::nullopt, record.view());
  }
  return builder.build();
}

base::Result<Change> parse_batch(const base::SharedBytes& batch, const std::string& where) {
  const auto corrupt = [&](const std::string& what) {
    return base::fail(base::ErrorCode::kCorruptMessage,
                      fmt::format("ZooKeeper's node {}: {}", where, what));
  };
  const auto view = record::BatchView::parse(batch.view());
  if (!view) return corrupt(view.error().message);
  if (view->total_size() != batch.size() || !view->crc_matches()) return corrupt("a broken batch");
  auto reader = record::RecordReader::open(*view);
  if (!reader) return corrupt(reader.error().message);
  Change change;
  change.base_offset = view->base_offset();
  change.end = {view->next_offset(), view->leader_epoch()};
  change.timestamp = view->max_timestamp();
  while (true) {
    auto next = reader->next();
    if (!next) return corrupt(next.error().message);
    if (!*next) break;
    if (!(*next)->value) return corrupt("a record without a value");
    change.records.push_back(base::SharedBytes::copy(*(*next)->value));
  }
  return change;
}

std::size_t size_in_batch(const base::SharedBytes& record) {
  constexpr std::size_t kAround = 32;
  return kAround + record.size();
}

base::Result<std::vector<Part>> split(base::Offset base_offset, base::LeaderEpoch epoch,
                                      base::Timestamp timestamp,
                                      const std::vector<base::SharedBytes>& records,
                                      std::vector<ViewWrite> view) {
  ODRADEK_ASSERT(!records.empty());
  Packer packer;
  for (const base::SharedBytes& record : records) {
    if (!packer.add(record)) return too_large("a metadata record", record.size());
  }
  if (auto added = add_view(std::move(view), packer); !added) return base::fail(std::move(added));
  add_markers(packer.loads());
  return parts_of(packer.loads(), base_offset, epoch, timestamp);
}

base::Result<std::vector<Part>> split_abort(base::Offset base_offset, base::LeaderEpoch epoch,
                                            base::Timestamp timestamp,
                                            std::vector<ViewWrite> view) {
  Packer packer;
  if (auto added = add_view(std::move(view), packer); !added) return base::fail(std::move(added));
  packer.loads().back().records.push_back(make_marker(Marker::kAbort));
  fill(packer.loads());
  return parts_of(packer.loads(), base_offset, epoch, timestamp);
}

}  // namespace odradek::quorum::zookeeper
