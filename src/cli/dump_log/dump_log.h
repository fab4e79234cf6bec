// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/dump_log/record_decoder.h"
#include "cli/output/output.h"
#include "env/disk.h"

// What kafka-dump-log prints of the files of a partition. All of it only reads; damage is reported
// and never more than that. Each function prints on stdout what it finds before it fails.
namespace odradek::cli {

struct DumpOptions {
  bool print_records = false;
  bool deep_iteration = false;
  bool skip_record_metadata = false;
  bool verify_only = false;
  bool index_sanity_only = false;
  std::int32_t max_bytes = INT32_MAX;
  std::int32_t max_message_size = 5 * 1024 * 1024;
  RecordDecoder decoder;
  // JSON Lines instead of Kafka's text: an object for a file, a batch, a record, an entry of an
  // index and so on, each with its "kind".
  Output* json = nullptr;

  // Kafka's text, or its JSON. The text is without the end of the line.
  void print(std::string_view kind, const Object& members, std::string_view text) const;
};

// What does not fit together, printed on stderr once all files were dumped. Keys are absolute
// paths.
struct DumpProblems {
  using Pairs = std::vector<std::pair<std::int64_t, std::int64_t>>;

  // Offset in the index, last offset of the batch that it points at; the greatest first.
  std::map<std::string, std::map<std::int64_t, std::int64_t, std::greater<>>> index_mismatches;
  // Timestamp in the index, in the log.
  std::map<std::string, Pairs> timestamp_mismatches;
  // Timestamp in the index, the one before it.
  std::map<std::string, Pairs> timestamps_out_of_order;
  // Offset in the index, in the log (-1: none).
  std::map<std::string, Pairs> offsets_not_found;
  // Offset, the one that follows.
  std::map<std::string, std::map<std::int64_t, std::int64_t>> not_consecutive;

  void print() const;
};

// A segment, or a snapshot of the metadata log (.log, .checkpoint).
[[nodiscard]] base::Result<> dump_segment(env::Disk& disk, const std::string& path,
                                          const DumpOptions& options, DumpProblems& problems);
// An offset index or a time index, compared with the segment beside it (.index, .timeindex).
[[nodiscard]] base::Result<> dump_offset_index(env::Disk& disk, const std::string& path,
                                               const DumpOptions& options, DumpProblems& problems);
[[nodiscard]] base::Result<> dump_time_index(env::Disk& disk, const std::string& path,
                                             const DumpOptions& options, DumpProblems& problems);
// The producers of a .snapshot, the aborted transactions of a .txnindex.
[[nodiscard]] base::Result<> dump_producer_snapshot(env::Disk& disk, const std::string& path,
                                                    const DumpOptions& options);
[[nodiscard]] base::Result<> dump_transaction_index(env::Disk& disk, const std::string& path,
                                                    const DumpOptions& options);

// Any of them, by its suffix; a file with another one is said on stderr and is no error.
[[nodiscard]] base::Result<> dump_file(env::Disk& disk, const std::string& path,
                                       const DumpOptions& options, DumpProblems& problems);

// Whether somebody ended the command, or reads no further: between two lines a dump ends then.
bool is_ended();

// As the tool's texts have it.
std::string absolute_path(const std::string& path);
// The number in front of a file's name. INVALID_REQUEST with Java's words where there is none.
[[nodiscard]] base::Result<std::int64_t> offset_in_name(const std::string& path);

}  // namespace odradek::cli
