// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <librdkafka/rdkafka.h>

#include "base/result.h"

// The functions of librdkafka that produce and consume use.
// clang-format off
#define ODRADEK_RDKAFKA_FUNCTIONS(X)                                                               \
  X(assign) X(begin_transaction) X(commit) X(commit_queue) X(commit_transaction) X(conf_destroy)   \
  X(conf_new) X(conf_set) X(conf_set_dr_msg_cb) X(conf_set_error_cb) X(conf_set_log_cb)            \
  X(conf_set_opaque) X(conf_set_rebalance_cb) X(consume_batch_queue) X(consumer_close)             \
  X(consumer_poll) X(destroy) X(err2name) X(err2str) X(error_code) X(error_destroy)                \
  X(error_string) X(fatal_error) X(flush) X(header_get_all) X(header_add) X(headers_destroy)       \
  X(headers_new) X(incremental_assign) X(incremental_unassign) X(init_transactions) X(last_error)  \
  X(message_destroy) X(message_errstr) X(message_headers) X(message_timestamp) X(metadata)         \
  X(metadata_destroy) X(outq_len) X(poll) X(poll_set_consumer) X(position) X(produce) X(producev)  \
  X(purge) X(query_watermark_offsets) X(queue_destroy) X(queue_get_consumer)                       \
  X(rebalance_protocol) X(subscribe) X(topic_name) X(topic_new) X(topic_destroy)                   \
  X(topic_partition_list_add) X(topic_partition_list_destroy) X(topic_partition_list_new)
// clang-format on

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
