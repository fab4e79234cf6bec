// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "broker/services.h"
#include "log/log_config.h"
#include "record/validate.h"
#include "wire/messages/produce.h"

namespace odradek::broker::api {

// A batch ready to be appended.
struct ProducedBatch {
  base::SharedBytes bytes;
  // Where the topic says LogAppendTime: what its records were stamped with; else kNoTimestamp.
  base::Timestamp log_append_time = base::kNoTimestamp;
};

// Whether the topic keeps the batch in another codec than it came in, and making it so takes too
// long for a loop. `records` as the request has them, valid or not.
bool takes_long(const base::SharedBytes& records, const log::LogConfig& config,
                wire::Version version);

// Checks what a producer sent for one partition, as Kafka does before it appends: one whole, valid
// batch that the topic's configuration allows, in the codec that compression.type asks for.
// `record_errors` gets the records that are to blame.
[[nodiscard]] base::Result<ProducedBatch> validate_produced(
    const base::SharedBytes& records, const log::LogConfig& config, wire::Version version,
    const Services& services,
    std::vector<wire::ProduceResponse::BatchIndexAndErrorMessage>& record_errors);

}  // namespace odradek::broker::api
