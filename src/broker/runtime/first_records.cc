// SPDX-License-Identifier: Apache-2.0
#include "broker/runtime/first_records.h"

#include "metadata/controller/cluster.h"
#include "quorum/embedded/snapshot_file.h"

namespace odradek::broker {

base::Result<std::vector<metadata::MetadataRecord>> first_records(env::Disk& disk,
                                                                  const std::string& directory) {
  auto stored = quorum::read_bootstrap_file(disk, directory);
  if (!stored) return base::fail(std::move(stored));
  if (!*stored) return metadata::format_records();
  std::vector<metadata::MetadataRecord> records;
  for (const base::SharedBytes& bytes : **stored) {
    auto record = metadata::decode_record(bytes);
    if (!record) return base::fail(std::move(record));
    records.push_back(*std::move(record));
  }
  return records;
}

}  // namespace odradek::broker
