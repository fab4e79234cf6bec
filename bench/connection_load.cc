// SPDX-License-Identifier: Apache-2.0
// Many connections at once, half of them producing, half consuming:
//
//   connection_load HOST:PORT CONNECTIONS SECONDS [PARTITIONS] [RECORDS_PER_SECOND]
//
// Creates the topic "connection-load", where there is none, and opens CONNECTIONS producing and as
// many consuming connections. Each producer sends one record of 100 bytes at a time (acks=1), in
// all RECORDS_PER_SECOND; each consumer follows one partition by long polls. Prints what went
// through, and exits with 1 at any error.
#include <fmt/core.h>

#include <atomic>
#include <charconv>
#include <cstdlib>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "env/linux/linux_world.h"
#include "net/blocking_client.h"
#include "record/batch_header.h"
#include "record/build.h"
#include "wire/messages/create_topics.h"
#include "wire/messages/fetch.h"
#include "wire/messages/metadata.h"
#include "wire/messages/produce.h"

namespace odradek {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kRecordBytes = 100;
const std::string kTopic = "connection-load";

struct Load {
  env::Address server;
  int connections = 0;
  int seconds = 0;
  int partitions = 500;
  int records_per_second = 2000;

  base::Uuid topic_id;
  base::SharedBytes batch;
  std::atomic<bool> ending = false;
  std::atomic<std::uint64_t> produced = 0;
  std::atomic<std::uint64_t> consumed_bytes = 0;
  std::atomic<std::uint64_t> errors = 0;
  std::atomic<int> open = 0;

  void fail(const std::string& what) {
    if (errors++ < 10) fmt::print(stderr, "error: {}\n", what);
  }
};

class Producer {
 public:
  Producer(Load& load, env::LinuxWorld& world, int number)
      : load_(load),
        loop_(world.loop(static_cast<std::size_t>(number) % world.loop_count())),
        client_(world.network(), loop_, load.server),
        partition_(number % load.partitions),
        pause_(seconds(load.connections) / load.records_per_second) {
    // Spread over the first pause, so that the load is even.
    loop_.post([this, number] {
      loop_.run_after(pause_ * number / load_.connections, [this] { produce(); });
    });
  }

 private:
  void produce() {
    wire::ProduceRequest request;
    request.acks = 1;
    request.timeout_ms = 30000;
    request.topic_data.resize(1);
    request.topic_data[0].name = kTopic;
    request.topic_data[0].topic_id = load_.topic_id;
    request.topic_data[0].partition_data = {{partition_, wire::Records(load_.batch)}};
    client_.call<wire::ProduceResponse>(
        std::move(request), seconds(30),
        [this](base::Result<wire::ProduceResponse> response) { answered(response); });
  }
  void answered(const base::Result<wire::ProduceResponse>& response) {
    if (!response) {
      load_.fail(response.error().message);
      return;
    }
    const auto& partition = response->responses.at(0).partition_responses.at(0);
    if (partition.error_code != base::ErrorCode::kNone) {
      load_.fail(fmt::format("produce: {}", base::error_name(partition.error_code)));
      return;
    }
    if (first_) ++load_.open;
    first_ = false;
    ++load_.produced;
    if (!load_.ending) loop_.run_after(pause_, [this] { produce(); });
  }

  Load& load_;
  env::Executor& loop_;
  net::PeerClient client_;
  const int partition_;
  const env::Duration pause_;
  bool first_ = true;
};

class Consumer {
 public:
  Consumer(Load& load, env::LinuxWorld& world, int number)
      : load_(load),
        loop_(world.loop(static_cast<std::size_t>(number) % world.loop_count())),
        client_(world.network(), loop_, load.server),
        partition_(number % load.partitions) {
    loop_.post([this] { fetch(); });
  }

 private:
  void fetch() {
    wire::FetchRequest request;
    request.max_wait_ms = 500;
    request.min_bytes = 1;
    request.topics.resize(1);
    request.topics[0].topic = kTopic;
    request.topics[0].topic_id = load_.topic_id;
    request.topics[0].partitions.resize(1);
    auto& partition = request.topics[0].partitions[0];
    partition.partition = partition_;
    partition.fetch_offset = next_;
    partition.partition_max_bytes = 1 << 20;
    client_.call<wire::FetchResponse>(
        std::move(request), seconds(30),
        [this](base::Result<wire::FetchResponse> response) { answered(response); });
  }
  void answered(const base::Result<wire::FetchResponse>& response) {
    if (!response) {
      load_.fail(response.error().message);
      return;
    }
    if (first_) ++load_.open;
    first_ = false;
    for (const auto& topic : response->responses) {
      for (const auto& partition : topic.partitions) take(partition);
    }
    if (!load_.ending) loop_.post([this] { fetch(); });
  }
  void take(const wire::FetchResponse::PartitionData& partition) {
    if (partition.error_code != base::ErrorCode::kNone) {
      load_.fail(fmt::format("fetch: {}", base::error_name(partition.error_code)));
      return;
    }
    if (!partition.records) return;
    base::ByteView bytes = partition.records->bytes();
    load_.consumed_bytes += bytes.size();
    // Whole batches: base offset, length, last offset delta.
    while (bytes.size() >= record::kBatchHeaderSize) {
      const auto base = base::load_big_endian<std::int64_t>(bytes.data());
      const auto length = base::load_big_endian<std::int32_t>(bytes.data() + 8);
      const auto last = base::load_big_endian<std::int32_t>(bytes.data() + 23);
      const std::size_t size = static_cast<std::size_t>(length) + 12;
      if (size > bytes.size()) break;
      next_ = base::Offset(base + last + 1);
      bytes = bytes.subspan(size);
    }
  }

  Load& load_;
  env::Executor& loop_;
  net::PeerClient client_;
  const int partition_;
  base::Offset next_{0};
  bool first_ = true;
};

base::SharedBytes make_batch(std::int64_t now_ms) {
  record::BatchBuilder builder;
  const std::string value(kRecordBytes, 'x');
  builder.append(base::Timestamp(now_ms), std::nullopt, base::as_bytes(value));
  return builder.build();
}

bool create_topic(Load& load, env::LinuxWorld& world) {
  net::BlockingClient client(world.network(), world.loop(0), load.server);
  wire::CreateTopicsRequest create;
  create.topics.resize(1);
  create.topics[0].name = kTopic;
  create.topics[0].num_partitions = load.partitions;
  create.topics[0].replication_factor = 1;
  create.topics[0].configs = {{"write.caching", "true"}};
  const auto created = client.call<wire::CreateTopicsResponse>(std::move(create));
  if (!created) {
    load.fail(created.error().message);
    return false;
  }
  wire::MetadataRequest ask;
  ask.topics.emplace().resize(1);
  ask.topics->at(0).name = kTopic;
  const auto metadata = client.call<wire::MetadataResponse>(std::move(ask));
  if (!metadata) {
    load.fail(metadata.error().message);
    return false;
  }
  load.topic_id = metadata->topics.at(0).topic_id;
  return true;
}

void wait(env::LinuxWorld& world, env::Duration duration) {
  std::promise<void> over;
  world.loop(0).run_after(duration, [&] { over.set_value(); });
  over.get_future().wait();
}

int run(Load& load) {
  env::LinuxWorld world({.loop_count = 2});
  world.start();
  if (!create_topic(load, world)) return 1;
  load.batch = make_batch(world.clock().wall().value());
  // The clients end with the process: nothing after the last line matters.
  std::vector<std::unique_ptr<Producer>> producers;
  std::vector<std::unique_ptr<Consumer>> consumers;
  for (int i = 0; i < load.connections; ++i) {
    producers.push_back(std::make_unique<Producer>(load, world, i));
    consumers.push_back(std::make_unique<Consumer>(load, world, i));
  }
  wait(world, seconds(load.seconds));
  load.ending = true;
  wait(world, milliseconds(1000));
  fmt::print("{} connections, {} records produced, {} bytes consumed, {} errors\n",
             load.open.load(), load.produced.load(), load.consumed_bytes.load(),
             load.errors.load());
  std::fflush(stdout);
  std::_Exit(load.errors == 0 && load.open == 2 * load.connections ? 0 : 1);
}

}  // namespace
}  // namespace odradek

int main(int argc, char** argv) {
  const std::string server = argc > 3 ? argv[1] : "";
  const auto colon = server.rfind(':');
  if (argc < 4 || colon == std::string::npos) {
    fmt::print(stderr,
               "usage: connection_load HOST:PORT CONNECTIONS SECONDS [PARTITIONS] "
               "[RECORDS_PER_SECOND]\n");
    return 1;
  }
  odradek::Load load;
  load.server = {server.substr(0, colon),
                 static_cast<std::uint16_t>(std::atoi(server.c_str() + colon + 1))};
  load.connections = std::atoi(argv[2]);
  load.seconds = std::atoi(argv[3]);
  if (argc > 4) load.partitions = std::atoi(argv[4]);
  if (argc > 5) load.records_per_second = std::atoi(argv[5]);
  return odradek::run(load);
}
