// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "broker/request.h"
#include "broker/services.h"

// The APIs that this server has, in the order of their keys: X(function suffix, message name). For
// each, `handle_<suffix>` is defined in <suffix>.cc and answers exactly once, now or later.
#define ODRADEK_APIS(X)          \
  X(produce, Produce)            \
  X(fetch, Fetch)                \
  X(metadata, Metadata)          \
  X(api_versions, ApiVersions)   \
  X(create_topics, CreateTopics) \
  X(delete_topics, DeleteTopics) \
  X(create_partitions, CreatePartitions)

namespace odradek::wire {
#define ODRADEK_FORWARD(suffix, Name) \
  struct Name##Request;               \
  struct Name##Response;
ODRADEK_APIS(ODRADEK_FORWARD)
#undef ODRADEK_FORWARD
}  // namespace odradek::wire

namespace odradek::broker::api {
#define ODRADEK_DECLARE(suffix, Name)                                   \
  void handle_##suffix(Services& services, wire::Name##Request request, \
                       Responder<wire::Name##Response> responder);
ODRADEK_APIS(ODRADEK_DECLARE)
#undef ODRADEK_DECLARE
}  // namespace odradek::broker::api
