// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>

#include "base/result.h"

// The functions of librdkafka that produce and consume use.
#define ODRADEK_RDKAFKA_FUNCTIONS(X)                                                              \
  X(assign)                                                                                       \
  X(conf_destroy)                                                                                 \
  X(conf_new)                                                                                     \
  X(conf_set) X(conf_set_dr_msg_cb) X(conf_set_error_cb) X(conf_set_log_cb) X(conf_set_opaque)    \
      X(consumer_close) X(consumer_poll) X(destroy) X(err2str) X(error_destroy) X(error_string)   \
          X(flush) X(header_get_all) X(header_add) X(headers_destroy) X(headers_new)              \
              X(incremental_assign) X(last_error) X(message_destroy) X(message_errstr)            \
                  X(message_headers) X(message_timestamp) X(metadata) X(metadata_destroy)         \
                      X(outq_len) X(poll) X(poll_set_consumer) X(producev) X(subscribe)           \
                          X(topic_name) X(topic_new) X(topic_destroy) X(topic_partition_list_add) \
                              X(topic_partition_list_destroy) X(topic_partition_list_new)

namespace odradek::cli {

// librdkafka, loaded when a command first asks for it, so that neither the server nor the other
// commands carry it: `rdkafka().poll(...)` is rd_kafka_poll(...).
struct RdKafka {
#define ODRADEK_RDKAFKA_MEMBER(name) decltype(&rd_kafka_##name) name = nullptr;
  ODRADEK_RDKAFKA_FUNCTIONS(ODRADEK_RDKAFKA_MEMBER)
#undef ODRADEK_RDKAFKA_MEMBER
  decltype(&rd_kafka_new) create = nullptr;  // rd_kafka_new
};

// An error names the package that is missing.
[[nodiscard]] base::Result<> load_rdkafka();
// REQUIRES: load_rdkafka() succeeded.
const RdKafka& rdkafka();

}  // namespace odradek::cli
