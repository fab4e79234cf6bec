// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "env/sim/run_on_worker.h"
#include "env/sim/seeds.h"
#include "env/sim/sim_world.h"
#include "log/directory/log_directory.h"
#include "record/build.h"
#include "record/record_reader.h"
#include "replica/partition.h"

// Three replicas of one partition, each a real log on a simulated disk, under a controller that is
// always right and whose word comes late. Fetches and their answers are handed over by the test,
// late, lost or to a leader of before; brokers are killed and lose power, one or all of them.
// Whatever was acknowledged is at its offset in every later leader, and in the end all replicas are
// equal byte for byte. Everything follows from the seed.
namespace odradek::replica {
namespace {

using base::BrokerId;
using base::ErrorCode;
using base::LeaderEpoch;
using base::Offset;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kBrokers = 3;

// What the controller has decided.
struct Truth {
  int leader = 0;  // -1: nobody
  std::int32_t leader_epoch = 0;
  leader::Assignment assignment{.replicas = {BrokerId(0), BrokerId(1), BrokerId(2)},
                                .in_sync = {BrokerId(0), BrokerId(1), BrokerId(2)},
                                .partition_epoch = 0};
  leader::EligibleBrokers::Epochs eligible;

  bool has_in_sync(int broker) const {
    return std::ranges::find(assignment.in_sync, BrokerId(broker)) != assignment.in_sync.end();
  }
};

struct FetchAnswer {
  LeaderEpoch epoch;  // that the fetch was sent in
  std::optional<log::EpochEndOffset> diverging;
  Replicated replicated;
};

struct Broker {
  env::sim::SimHost* host = nullptr;
  std::unique_ptr<log::directory::LogDirectory> directory;
  leader::EligibleBrokers eligible;
  std::shared_ptr<Partition> partition;  // null: the process is gone
  Truth told;
  std::optional<FetchAnswer> answer;
  int life = 0;
};

class ReplicationRun {
 public:
  explicit ReplicationRun(std::uint64_t seed) : simulation_(seed) {
    config_.segment_bytes = 4000;
    config_.index_interval_bytes = 200;
    config_.write_caching = below(3) == 0;  // then processes are killed and no power is cut
    limits_ = {.max_lag = milliseconds(200), .min_in_sync = 1 + static_cast<int>(below(2))};
    for (int id = 0; id < kBrokers; ++id) {
      env::sim::HostOptions options;
      options.disk.names_survive_in_order = true;
      // Long enough for several steps while something is not flushed.
      if (seed % 2 == 0) options.disk.longest_wait = milliseconds(80);
      brokers_[id].host = &simulation_.add_host("broker-" + std::to_string(id), options);
      start(id);
    }
  }

  void run(int steps) {
    for (int step = 0; step < steps && !testing::Test::HasFailure(); ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      take_step();
    }
    if (!testing::Test::HasFailure()) settle();
  }
  std::size_t acknowledged() const { return acknowledged_.size(); }
  int elections() const { return truth_.leader_epoch; }

 private:
  std::uint64_t below(std::uint64_t bound) { return simulation_.random().below(bound); }
  int any_broker() { return static_cast<int>(below(kBrokers)); }
  bool is_up(int id) const { return brokers_.at(id).partition != nullptr; }
  void on_worker(int id, const std::function<void()>& task) {
    ASSERT_TRUE(env::sim::run_on_worker(simulation_, *brokers_[id].host, task)) << "stuck";
  }

  void take_step() {
    const int id = any_broker();
    const std::uint64_t what = below(100);
    if (what < 30) {
      produce(id);
    } else if (what < 70) {
      brokers_[id].answer ? deliver(id) : fetch(id);
    } else if (what < 82) {
      propose(id);
    } else if (what < 90) {
      tell(id);
    } else if (what < 93) {
      simulation_.run_for(milliseconds(below(120)));
    } else if (what < 95) {
      move_leadership(id);
    } else if (what < 97) {
      end(id, below(2) == 0);
    } else if (what == 97 && below(4) == 0) {
      const bool is_power = below(2) == 0;
      // All at the same moment.
      for (int each = 0; is_power && !config_.write_caching && each < kBrokers; ++each) {
        if (is_up(each)) brokers_[each].host->cut_power();
      }
      for (int each = 0; each < kBrokers; ++each) end(each, is_power);
    } else {
      start(id);
    }
  }

  void start(int id) {
    Broker& broker = brokers_[id];
    if (is_up(id)) return;
    if (!broker.host->is_running()) broker.host->restart();
    on_worker(id, [&] { open(broker); });
    ASSERT_TRUE(is_up(id));
    truth_.eligible[BrokerId(id)] = ++broker_epoch_;
    if (truth_.leader < 0 && truth_.has_in_sync(id)) elect(id);
    tell(id);
  }

  void open(Broker& broker) {
    auto directory = log::directory::LogDirectory::open(broker.host->world(), "/data", {});
    ASSERT_TRUE(directory) << directory.error().message;
    broker.directory = std::move(*directory);
    if (!broker.directory->identity()) {
      ASSERT_TRUE(broker.directory->format({.version = 1,
                                            .cluster_id = "c",
                                            .node_id = BrokerId(1),
                                            .directory_id = base::Uuid::from_random(1, 1)}));
    }
    auto stop = broker.directory->begin();
    ASSERT_TRUE(stop) << stop.error().message;
    const base::TopicPartition name{"t", 0};
    auto log = log::Log::open(*broker.directory,
                              {.name = name,
                               .topic_id = base::Uuid::from_random(2, 3),
                               .config = config_,
                               .recovery_point = broker.directory->recovery_point(name),
                               .log_start_offset = broker.directory->log_start_offset(name),
                               .was_clean = stop->was_clean});
    ASSERT_TRUE(log) << log.error().message;
    broker.partition = std::make_shared<Partition>(std::move(*log), base::Uuid::from_random(2, 3));
    broker.partition->set_in_sync_limits(limits_);
  }

  void end(int id, bool is_power_cut) {
    Broker& broker = brokers_[id];
    if (!is_up(id)) return;
    ++broker.life;
    is_power_cut && !config_.write_caching ? broker.host->cut_power() : broker.host->kill();
    simulation_.run_for(milliseconds(20));
    broker.partition.reset();
    broker.directory.reset();
    broker.answer.reset();
    truth_.eligible.erase(BrokerId(id));
    fence(id);
  }

  // The last of the in-sync set stays in it: nobody else may lead.
  void fence(int id) {
    auto& in_sync = truth_.assignment.in_sync;
    if (in_sync.size() > 1 && std::erase(in_sync, BrokerId(id)) > 0) {
      ++truth_.assignment.partition_epoch;
    }
    if (truth_.leader != id) return;
    truth_.leader = -1;
    ++truth_.leader_epoch;
    ++truth_.assignment.partition_epoch;
    for (const BrokerId member : in_sync) {
      if (is_up(member.value())) return elect(member.value());
    }
  }

  void elect(int id) {
    truth_.leader = id;
    ++truth_.leader_epoch;
    ++truth_.assignment.partition_epoch;
    if (acknowledged_.empty()) return;
    EXPECT_GT(brokers_[id].partition->log().log_end_offset(), acknowledged_.rbegin()->first)
        << "broker " << id << " is elected and lacks what was acknowledged";
  }

  void move_leadership(int id) {
    if (is_up(id) && truth_.leader != id && truth_.has_in_sync(id)) elect(id);
  }

  void tell(int id) {
    Broker& broker = brokers_[id];
    if (!is_up(id)) return;
    broker.told = truth_;
    broker.eligible.replace(truth_.eligible);
    on_worker(id, [&] {
      if (truth_.leader == id) {
        broker.partition->become_leader(
            BrokerId(id), {LeaderEpoch(truth_.leader_epoch), truth_.assignment}, broker.eligible);
      } else {
        broker.partition->become_follower(LeaderEpoch(truth_.leader_epoch));
      }
    });
  }

  void produce(int id) {
    if (!is_up(id)) return;
    on_worker(id, [&] {
      record::BatchBuilder builder;
      const std::string value = std::to_string(next_value_++) + std::string(below(200), 'v');
      builder.append(base::Timestamp(1000), std::nullopt, base::as_bytes(value));
      Partition& partition = *brokers_[id].partition;
      auto appended = partition.append(builder.build(), log::AppendOrigin::kClient);
      if (!appended) return;
      partition.when_committed(appended->end(),
                               [this, at = appended->first_offset, value, id,
                                life = brokers_[id].life](const base::Result<>& done) {
                                 if (done && life == brokers_[id].life) acknowledge(at, value);
                               });
    });
  }

  void acknowledge(Offset at, const std::string& value) {
    const auto [known, is_new] = acknowledged_.emplace(at, value);
    EXPECT_TRUE(is_new || known->second == value)
        << "offset " << at.value() << " was given to two records";
  }

  void fetch(int id) {
    const int leader = brokers_[id].told.leader;
    if (!is_up(id) || leader < 0 || leader == id || !is_up(leader)) return;
    follower::FollowedPosition position;
    bool is_safe = false;
    on_worker(id, [&] {
      Partition& partition = *brokers_[id].partition;
      position = partition.position();
      is_safe = position.end == partition.log().log_end_offset();
    });
    if (!is_safe) return;
    const std::int64_t broker_epoch = truth_.eligible.at(BrokerId(id));
    on_worker(leader, [&] {
      brokers_[id].answer = serve(*brokers_[leader].partition, id, broker_epoch, position);
    });
  }

  static std::optional<FetchAnswer> serve(Partition& partition, int follower,
                                          std::int64_t broker_epoch,
                                          const follower::FollowedPosition& position) {
    if (!partition.check_leader(position.leader_epoch)) return std::nullopt;
    FetchAnswer answer{.epoch = position.leader_epoch, .diverging = {}, .replicated = {}};
    if (position.last_epoch != base::kNoLeaderEpoch) {
      const auto end = partition.log().end_offset_for_epoch(position.last_epoch);
      if (end.leader_epoch < position.last_epoch || end.end_offset < position.end) {
        answer.diverging = end;
        return answer;
      }
    }
    if (position.end > partition.log().log_end_offset()) return std::nullopt;
    if (!partition.fetched({.follower = BrokerId(follower),
                            .broker_epoch = broker_epoch,
                            .end = position.end,
                            .log_start = position.log_start},
                           position.leader_epoch)) {
      return std::nullopt;
    }
    auto read = partition.read(position.end, Isolation::kLogEnd, position.leader_epoch, 1500, true);
    if (!read) return std::nullopt;
    const auto offsets = partition.offsets();
    answer.replicated = {.batches = whole_batches(*read),
                         .leader_epoch = position.leader_epoch,
                         .high_watermark = offsets.high_watermark,
                         .log_start_offset = offsets.log_start_offset};
    return answer;
  }

  static base::SharedBytes whole_batches(const log::ReadInfo& read) {
    if (read.bytes.length == 0) return {};
    auto bytes = base::SharedBytes::allocate(read.bytes.length);
    auto file = std::dynamic_pointer_cast<env::File>(read.bytes.file);
    EXPECT_TRUE(file->read_at(read.bytes.position, bytes.mutable_view()));
    record::BatchIterator batches(bytes.view());
    std::size_t end = 0;
    for (auto batch = batches.next(); batch && *batch; batch = batches.next()) {
      end = batches.position();
    }
    return bytes.slice(0, end);
  }

  void deliver(int id) {
    const FetchAnswer answer = *std::exchange(brokers_[id].answer, std::nullopt);
    if (below(10) == 0) return;  // lost
    on_worker(id, [&] {
      Partition& partition = *brokers_[id].partition;
      if (answer.diverging) {
        (void)partition.cut_to_leader(*answer.diverging, answer.epoch);
      } else if (auto done = partition.append_replicated(answer.replicated); !done) {
        EXPECT_EQ(done.error().code, ErrorCode::kFencedLeaderEpoch) << done.error().message;
      }
    });
  }

  void propose(int id) {
    if (!is_up(id)) return;
    const auto proposal = brokers_[id].partition->propose_in_sync();
    if (!proposal) return;
    const bool is_current = truth_.leader == id &&
                            brokers_[id].told.leader_epoch == truth_.leader_epoch &&
                            proposal->partition_epoch == truth_.assignment.partition_epoch;
    if (!is_current) {
      brokers_[id].partition->answered_in_sync(proposal->partition_epoch,
                                               leader::InSyncAnswer::kAwaitsMetadata);
      return;
    }
    const bool is_eligible = std::ranges::all_of(proposal->in_sync, [&](const auto& member) {
      const auto found = truth_.eligible.find(member.broker);
      return member.broker == BrokerId(id) ||
             (found != truth_.eligible.end() && found->second == member.broker_epoch);
    });
    if (!is_eligible) {
      brokers_[id].partition->answered_in_sync(proposal->partition_epoch,
                                               leader::InSyncAnswer::kRefused);
      return;
    }
    truth_.assignment.in_sync.clear();
    for (const auto& member : proposal->in_sync) {
      truth_.assignment.in_sync.push_back(member.broker);
    }
    ++truth_.assignment.partition_epoch;
    below(3) == 0 ? brokers_[id].partition->answered_in_sync(proposal->partition_epoch,
                                                             leader::InSyncAnswer::kUnknown)
                  : tell(id);
  }

  // Everybody is there and hears everything, until all is equal.
  void settle() {
    for (int id = 0; id < kBrokers; ++id) start(id);
    ASSERT_GE(truth_.leader, 0);
    for (int round = 0; round < 2000 && !is_settled(); ++round) {
      for (int id = 0; id < kBrokers; ++id) {
        tell(id);
        brokers_[id].answer ? deliver(id) : fetch(id);
      }
      propose(truth_.leader);
      simulation_.run_for(milliseconds(2));
    }
    ASSERT_TRUE(is_settled()) << "the replicas do not come together";
    check_contents();
  }

  bool is_settled() const {
    if (truth_.assignment.in_sync.size() != kBrokers) return false;
    const Offset end = brokers_.at(truth_.leader).partition->log().log_end_offset();
    return std::ranges::all_of(brokers_, [end](const auto& entry) {
      const Partition& partition = *entry.second.partition;
      return partition.offsets().high_watermark == end && partition.offsets().log_end_offset == end;
    });
  }

  void check_contents() {
    std::vector<std::vector<std::uint8_t>> contents(kBrokers);
    for (int id = 0; id < kBrokers; ++id) {
      on_worker(id, [&] { contents[static_cast<std::size_t>(id)] = content_of(id); });
    }
    EXPECT_EQ(contents[0], contents[1]);
    EXPECT_EQ(contents[0], contents[2]);
    std::map<Offset, std::string> records;
    record::BatchIterator batches(contents[0]);
    for (auto batch = batches.next(); batch && *batch; batch = batches.next()) {
      auto reader = record::RecordReader::open(**batch);
      ASSERT_TRUE(reader);
      auto next = reader->next();
      ASSERT_TRUE(next && *next);
      const auto value = *(*next)->value;
      records[(*batch)->base_offset()] = std::string(value.begin(), value.end());
    }
    for (const auto& [offset, value] : acknowledged_) {
      EXPECT_EQ(records[offset], value) << "acknowledged at offset " << offset.value();
    }
  }

  std::vector<std::uint8_t> content_of(int id) {
    log::Log& log = brokers_[id].partition->log();
    std::vector<std::uint8_t> content;
    for (Offset at = log.log_start_offset(); at < log.log_end_offset();) {
      auto read = log.read(at, log.log_end_offset(), 1 << 16, true);
      EXPECT_TRUE(read && read->bytes.length > 0)
          << "broker " << id << " at " << at.value() << " of " << log.log_end_offset().value()
          << (read ? "" : ": " + read.error().message);
      if (!read || read->bytes.length == 0) break;
      const base::SharedBytes bytes = whole_batches(*read);
      record::BatchIterator batches(bytes.view());
      for (auto batch = batches.next(); batch && *batch; batch = batches.next()) {
        at = (*batch)->next_offset();
      }
      content.insert(content.end(), bytes.view().begin(), bytes.view().end());
    }
    return content;
  }

  env::sim::SimWorld simulation_;
  log::LogConfig config_;
  leader::InSyncSet::Limits limits_;
  std::map<int, Broker> brokers_;
  Truth truth_;
  std::int64_t broker_epoch_ = 0;
  std::int64_t next_value_ = 0;
  std::map<Offset, std::string> acknowledged_;
};

TEST(ReplicationModelTest, NothingAcknowledgedIsLostAndReplicasAreEqual) {
  std::size_t acknowledged = 0;
  int elections = 0;
  for (const std::uint64_t seed : env::sim::seeds(40)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    ReplicationRun run(seed);
    run.run(1200);
    if (HasFailure()) return;
    acknowledged += run.acknowledged();
    elections += run.elections();
  }
  EXPECT_GT(acknowledged, 1000U) << "hardly anything was committed";
  EXPECT_GT(elections, 400) << "the leader hardly ever changed";
}

}  // namespace
}  // namespace odradek::replica
