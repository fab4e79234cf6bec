// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "metadata/cluster_image.h"
#include "metadata/image_builder.h"

namespace odradek::metadata {

// What whoever followed `before` has to act on to be where `after` is, for one who was told a
// snapshot instead of the changes between. A topic that was deleted and created again is both
// removed and changed. Brokers, clients and access count as changed. Pure.
ImageDelta difference(const ClusterImage& before, const ClusterImage& after);

}  // namespace odradek::metadata
