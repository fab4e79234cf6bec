// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "broker/replication/replication_cluster.h"
#include "env/sim/seeds.h"

// Clients write with acks=all while brokers are killed, lose power, are cut off from each other,
// hear of changes late, and the controller is away: what was acknowledged is on every replica in
// the end, at its offset, and the replicas are equal byte for byte. Everything follows from the
// seed.
namespace odradek::broker::testing {
namespace {

class RandomRun : public ReplicationCluster {
 public:
  explicit RandomRun(std::uint64_t seed) : ReplicationCluster(seed) {
    set("replica.lag.time.max.ms", "400");
    for (int id = 1; id <= kBrokers; ++id) {
      news_delays_[id] = milliseconds(below(2) == 0 ? 1 : 1 + below(80));
    }
    is_caching_ = below(3) == 0;
  }

  void run(int steps) {
    start_all();
    create_topic({{"min.insync.replicas", below(2) == 0 ? "1" : "2"},
                  {"write.caching", is_caching_ ? "true" : "false"}});
    for (int step = 0; step < steps && !::testing::Test::HasFailure(); ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      take_step();
      simulation_.run_for(milliseconds(below(15)));
    }
    if (!::testing::Test::HasFailure()) settle();
    if (!::testing::Test::HasFailure()) check();
  }

  std::size_t acknowledged() const { return acknowledged_.size(); }
  int elections() { return image().leader_epoch.value(); }

 private:
  std::uint64_t below(std::uint64_t bound) { return simulation_.random().below(bound); }

  void take_step() {
    const int id = 1 + static_cast<int>(below(kBrokers));
    const std::uint64_t what = below(100);
    if (what < 70) {
      send();
    } else if (what < 76) {
      end(id);
    } else if (what < 86) {
      if (!is_up(id)) rejoin(id);
    } else if (what < 88) {
      cut_off(id);
      if (below(2) == 0) fence(id);
    } else if (what < 94) {
      heal();
    } else if (what < 96) {
      is_controller_away_ = !is_controller_away_;
    } else {
      simulation_.run_for(milliseconds(below(500)));
    }
  }

  void end(int id) {
    if (!is_up(id)) return;
    kill(id, !is_caching_ && below(2) == 0);
    simulation_.run_for(milliseconds(below(300)));
    fence(id);
  }

  void heal() {
    simulation_.network().heal_all();
    for (int id = 1; id <= kBrokers; ++id) {
      if (is_up(id) && cluster_.image().find_broker(BrokerId(id))->fenced) unfence(id);
    }
  }

  // Answered some time, or not.
  void send() {
    const int leader = image().leader.value();
    if (leader < 1 || !is_up(leader)) return;
    const std::string value = std::to_string(next_value_++) + std::string(below(300), 'v');
    auto& client = clients_of_[leader];
    if (!client) {
      client =
          std::make_unique<net::PeerClient>(clients_->world().network(), clients_->world().loop(0),
                                            env::Address{name_of(leader), kPort});
    }
    ++open_;
    clients_->world().loop(0).post([this, value, &client, request = request_of(value)]() mutable {
      client->call<wire::ProduceResponse>(
          std::move(request), seconds(20),
          [this, value](const base::Result<wire::ProduceResponse>& response) {
            --open_;
            if (!response) return;
            const auto& answer = response->responses.at(0).partition_responses.at(0);
            if (answer.error_code == ErrorCode::kNone) acknowledge(answer.base_offset, value);
          });
    });
  }

  void acknowledge(Offset at, const std::string& value) {
    const auto [known, is_new] = acknowledged_.emplace(at, value);
    EXPECT_TRUE(is_new || known->second == value)
        << "offset " << at.value() << " was given to two records";
  }

  // Everybody comes back, and all is equal in the end.
  void settle() {
    is_controller_away_ = false;
    heal();
    for (int id = 1; id <= kBrokers; ++id) {
      if (!is_up(id)) rejoin(id);
    }
    heal();
    ASSERT_TRUE(eventually([this] { return is_settled(); })) << state();
  }

  bool is_settled() {
    if (open_ > 0 || image().in_sync_replicas.size() != kBrokers) return false;
    const int leader = image().leader.value();
    if (leader < 1 || !partition(leader)) return false;
    return all_are_at(partition(leader)->log().log_end_offset().value());
  }

  std::string state() {
    std::string text = "leader " + std::to_string(image().leader.value()) + " in epoch " +
                       std::to_string(image().leader_epoch.value()) + ", in sync " +
                       std::to_string(image().in_sync_replicas.size());
    for (int id = 1; id <= kBrokers; ++id) {
      if (!partition(id)) continue;
      const auto offsets = partition(id)->offsets();
      text += "; broker " + std::to_string(id) + " in epoch " +
              std::to_string(partition(id)->leader_epoch().value()) + " at " +
              std::to_string(offsets.log_end_offset.value()) + ", high watermark " +
              std::to_string(offsets.high_watermark.value());
    }
    return text;
  }

  void check() {
    std::map<int, std::vector<std::uint8_t>> contents;
    for (int id = 1; id <= kBrokers; ++id) {
      ASSERT_TRUE(env::sim::run_on_worker(simulation_, *hosts_[id],
                                          [&] { contents[id] = content_of(*partition(id)); }));
    }
    EXPECT_EQ(contents[1], contents[2]);
    EXPECT_EQ(contents[1], contents[3]);
    const auto records = records_in(contents[1]);
    for (const auto& [offset, value] : acknowledged_) {
      const auto found = records.find(offset);
      ASSERT_NE(found, records.end()) << "lost: acknowledged at offset " << offset.value();
      EXPECT_EQ(found->second, value) << "acknowledged at offset " << offset.value();
    }
  }

  bool is_caching_ = false;
  std::map<int, std::unique_ptr<net::PeerClient>> clients_of_;
  std::int64_t next_value_ = 0;
  int open_ = 0;  // requests without an answer
  std::map<Offset, std::string> acknowledged_;
};

TEST(ReplicationRandomTest, NothingAcknowledgedIsLostAndReplicasAreEqual) {
  std::size_t acknowledged = 0;
  int elections = 0;
  for (const std::uint64_t seed : env::sim::seeds(20)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomRun run(seed);
    run.run(300);
    if (HasFailure()) return;
    acknowledged += run.acknowledged();
    elections += run.elections();
  }
  EXPECT_GT(acknowledged, 500U) << "hardly anything was committed";
  EXPECT_GT(elections, 100) << "the leader hardly ever changed";
}

}  // namespace
}  // namespace odradek::broker::testing
