// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "machine/decision.h"
#include "metadata/cluster_image.h"
#include "metadata/record.h"
#include "wire/messages/update_features.h"

// The controller's decision on feature levels (KIP-584, KIP-778). Pure.
namespace odradek::metadata {

using UpdateFeaturesDecision = machine::Decision<MetadataRecord, wire::UpdateFeaturesResponse>;

// Sets features to other levels, all that are asked for or none; with validate_only there are no
// records. INVALID_UPDATE_VERSION with a sentence: a feature or level that is not known here or not
// to a registered broker, one that another feature's level does not allow, a level below the
// present one without a downgrade, a downgrade of metadata.version over a version that changed the
// log.
UpdateFeaturesDecision update_features(const ClusterImage& image, base::BrokerId self,
                                       const wire::UpdateFeaturesRequest& request);

}  // namespace odradek::metadata
