// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "base/ids.h"
#include "broker/request.h"
#include "broker/services.h"
#include "metadata/cluster_image.h"
#include "wire/messages/fetch.h"
#include "wire/messages/produce.h"

namespace odradek::broker::api {

// Adds to an answer where the leaders of the partitions are now that the client asked the wrong
// broker for, and their endpoints (KIP-951), so that it need not ask for metadata first.
void add_current_leaders(const Services& services, const RequestContext& context,
                         wire::ProduceResponse& response);
void add_current_leaders(const Services& services, const RequestContext& context,
                         wire::FetchResponse& response);

}  // namespace odradek::broker::api
