// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "env/disk.h"
#include "quorum/engine.h"
#include "record/control_record.h"

// Snapshots of the metadata log (KIP-630): `%020d-%010d.checkpoint`, named by the offset and epoch
// that they reach. A header batch, batches of records, a footer batch.
namespace odradek::quorum {

std::string snapshot_file_name(const Position& position);
// Nothing for another name.
std::optional<Position> parse_snapshot_file_name(const std::string& name);

// The newest KRAFT_VERSION and KRAFT_VOTERS that the order has (KIP-853), where it has them: of a
// directory that Kafka formatted for a quorum that may change. Every snapshot has to have them, or
// Kafka no longer knows who votes.
using QuorumRecords = std::map<record::ControlRecordType, base::SharedBytes>;

// Written as `.part`, flushed, renamed. `last_timestamp` is that of the last record which the
// snapshot holds.
[[nodiscard]] base::Result<> write_snapshot_file(env::Disk& disk, const std::string& directory,
                                                 const Position& position,
                                                 const QuorumRecords& quorum_records,
                                                 const std::vector<base::SharedBytes>& records,
                                                 base::Timestamp last_timestamp);

// `bootstrap.checkpoint` of a log directory: the records that the metadata log is to begin with,
// written when the directory is formatted. The layout is a snapshot's.
inline constexpr std::string_view kBootstrapFile = "bootstrap.checkpoint";
[[nodiscard]] base::Result<> write_bootstrap_file(env::Disk& disk, const std::string& directory,
                                                  const std::vector<base::SharedBytes>& records,
                                                  base::Timestamp now);
// Nothing where there is no such file.
[[nodiscard]] base::Result<std::optional<std::vector<base::SharedBytes>>> read_bootstrap_file(
    env::Disk& disk, const std::string& directory);

// Calls for each batch of a file of consecutive batches, in order; CORRUPT_MESSAGE names the file
// and the place of a batch that is damaged or cut off.
[[nodiscard]] base::Result<> read_batches(
    env::Disk& disk, const std::string& path,
    const std::function<base::Result<>(const base::SharedBytes& batch)>& visit);

}  // namespace odradek::quorum
