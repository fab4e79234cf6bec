// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "metadata/cluster_image.h"
#include "metadata/record.h"

// What records make of a partition: one place for the image and for the deciders, which answer with
// a partition as it will be.
namespace odradek::metadata {

PartitionImage to_image(const wire::PartitionRecord& record);

// The leader's epoch grows when the record names a leader, be it the same; the partition's always.
void apply_change(const wire::PartitionChangeRecord& record, PartitionImage& image);

}  // namespace odradek::metadata
