// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/history.h"
#include "sim/router.h"

namespace odradek::sim_test {

// A topic as a client knows it.
struct TopicView {
  std::string name;
  base::Uuid id;
  std::int32_t partitions = 0;
  std::int16_t replication_factor = 1;
};

// Creates the topic, trying again until it is there; `configs` are the topic's settings. Returns it
// with its id.
Task<TopicView> create_topic(Router& router, History& history, TopicView topic,
                             std::map<std::string, std::string> configs);

// Creates topics like `pattern`, named after it and a number, until `is_stopping`; sets `is_done`.
Detached keep_creating_topics(Router& router, History& history, TopicView pattern,
                              env::Duration longest_pause, const bool& is_stopping, bool& is_done);
// Looks for every topic that the history knows. Takes one off `under_way` at its end.
Detached check_topics(Router& router, History& history, int& under_way);

struct ProducerOptions {
  std::string name;
  bool is_idempotent = true;
  int batches = 20;
  int records_per_batch = 3;
  // Batches in flight together.
  int in_flight = 1;
  env::Duration longest_pause = std::chrono::milliseconds(40);
};

// Produces with acks=all to partitions of its choice. An idempotent one sends a batch again until
// it is acknowledged; another one leaves it when its fate is unknown.
class Producer {
 public:
  Producer(env::sim::SimHost& host, const Router::Brokers& brokers, History& history,
           TopicView topic, ProducerOptions options);
  // Runs to its end.
  void start() { run(); }
  // Nothing new is sent.
  void stop() { options_.batches = sent_batches_; }
  void give_up() { router_.give_up(); }
  const Router& router() const { return router_; }
  bool is_done() const { return is_done_; }

 private:
  struct Batch {
    base::TopicPartition partition;
    std::vector<std::string> values;
    std::int32_t base_sequence = -1;
    int attempts = 0;
    std::string last_error = {};
    base::BrokerId sent_to = base::kNoBroker;
    bool is_settled = false;
  };
  struct Window;

  Detached run();
  Task<bool> get_producer_id();
  std::vector<Batch> next_batches();
  Detached send(Batch& batch, Router::Leader leader, Window& window);
  Task<base::Result<base::Offset>> produce(Batch& batch, Router::Leader leader);
  base::SharedBytes build(const Batch& batch);
  void settle(Batch& batch, const base::Result<base::Offset>& result);

  Router router_;
  History& history_;
  TopicView topic_;
  ProducerOptions options_;
  base::ProducerId producer_id_ = base::kNoProducerId;
  base::ProducerEpoch producer_epoch_ = base::kNoProducerEpoch;
  std::map<std::int32_t, std::int32_t> next_sequence_;  // by partition
  int sent_batches_ = 0;
  std::uint64_t next_value_ = 0;
  bool is_done_ = false;
};

// What a fetch came to: where to go on, and the end of what consumers are shown.
struct Fetched {
  base::Offset next;
  base::Offset high_watermark = base::kNoOffset;
};

// Reads batches from `from` on; what it finds goes to the history and into `content`. Where all of
// that is deleted it comes back with where the log begins, and no high watermark.
Task<base::Result<Fetched>> fetch(Router& router, History& history, const TopicView& topic,
                                  std::int32_t partition, base::Offset from,
                                  std::int32_t max_wait_ms,
                                  std::map<base::Offset, std::string>* content);

// Reads all partitions from their starts on, as far as consumers are shown them, until
// `is_stopping`; sets `is_done`.
Detached keep_reading(Router& router, History& history, TopicView topic, const bool& is_stopping,
                      bool& is_done);

// Reads every partition from its start to its end and gives it to the history's last check. Takes
// one off `under_way` at its end.
Detached check_topic(Router& router, History& history, TopicView topic, int& under_way);

}  // namespace odradek::sim_test
