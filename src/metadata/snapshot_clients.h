// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "metadata/cluster_image.h"
#include "metadata/record.h"

namespace odradek::metadata {

// Appends the records that build what the image knows of clients.
void add_client_records(const ClusterImage& image, std::vector<MetadataRecord>& records);

// A record about the entity's quota `key`, without a value.
wire::ClientQuotaRecord to_record(const QuotaEntity& entity, const std::string& key);

}  // namespace odradek::metadata
