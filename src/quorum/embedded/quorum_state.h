// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "env/disk.h"
#include "record/control_record.h"

// KRaft's `quorum-state`: one line of JSON beside the metadata log that says who votes and who
// leads.
namespace odradek::quorum {

// INVALID_CONFIG when the file names a voter other than this node, or is no such file. A missing
// file is fine.
[[nodiscard]] base::Result<> check_sole_voter(env::Disk& disk, const std::string& directory,
                                              base::BrokerId node);
// Calls for each record of a control batch; Kafka puts several into one.
using ControlRecordVisitor =
    std::function<base::Result<>(record::ControlRecordType type, base::ByteView value)>;
[[nodiscard]] base::Result<> visit_control_records(const base::SharedBytes& batch,
                                                   const ControlRecordVisitor& visit);
// The same check for one batch, found in `path`, of the log or a snapshot.
[[nodiscard]] base::Result<> check_voters_batch(const base::SharedBytes& batch, base::BrokerId node,
                                                const std::string& path);
// The same for the value of a KRAFT_VOTERS control record (KIP-853) found in `path`.
[[nodiscard]] base::Result<> check_voters_record(base::ByteView value, base::BrokerId node,
                                                 const std::string& path);
// Writes that this node leads in `epoch`, alone.
[[nodiscard]] base::Result<> write_sole_voter(env::Disk& disk, const std::string& directory,
                                              base::BrokerId node, base::LeaderEpoch epoch);

}  // namespace odradek::quorum
