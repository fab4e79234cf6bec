// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "log/log.h"
#include "record/batch_header.h"

namespace odradek::log::cleaner {

// What compaction has to know of transactions while it goes over a log from its beginning: which
// batches are of aborted ones, and which markers end a transaction of which nothing is left
// (KIP-98, KIP-534). Told of every batch, in order. Not thread-safe.
class CleanedTransactions {
 public:
  // Those that overlap what is read next. One that is known already may come again.
  void add_aborted(const std::vector<AbortedTransaction>& transactions);

  // A batch of data: whether it belongs to an aborted transaction.
  bool on_data(const record::BatchHeader& batch);

  struct Marker {
    // Nothing of the transaction is left in the log: the marker may go, once its time has come.
    bool is_of_empty_transaction = false;
    // The aborted transaction that it ends, where batches of it were seen: it stays in the index.
    std::optional<AbortedTransaction> aborted = std::nullopt;
  };
  // A control batch. CORRUPT_MESSAGE, INVALID_RECORD where it can't be read.
  [[nodiscard]] base::Result<Marker> on_control(const record::BatchView& batch);

 private:
  struct Ongoing {
    AbortedTransaction transaction;
    bool has_batches = false;
  };

  void begin_aborted_until(base::Offset offset);

  std::multimap<base::Offset, AbortedTransaction> coming_;
  std::unordered_map<base::ProducerId, Ongoing> aborted_;
  std::unordered_set<base::ProducerId> committed_;
};

}  // namespace odradek::log::cleaner
