// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/admin/admin.h"
#include "metadata/controller/event_line.h"

// Where `odradek why` finds out: a decision's cause is known to the broker that decided it, so that
// every broker is asked.
namespace odradek::cli {

struct KnownEvents {
  std::vector<metadata::EventLine> lines;  // by time
  std::vector<std::string> asked;          // "broker 1", a directory
  std::vector<std::string> missing;        // who could not be asked, and why: sentences
};

// Of the brokers of a cluster: each tells by DescribeConfigs what it keeps.
[[nodiscard]] base::Result<KnownEvents> ask_brokers(Admin& admin,
                                                    const metadata::EventQuery& query);
// Of the files in directories of brokers, which need not run.
[[nodiscard]] base::Result<KnownEvents> read_directories(
    env::Disk& disk, const std::vector<std::string>& directories,
    const metadata::EventQuery& query);

}  // namespace odradek::cli
