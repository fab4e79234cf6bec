// SPDX-License-Identifier: Apache-2.0
#include "env/sim/sim_world.h"
#include "quorum/zookeeper/sim/sim_zookeeper.h"
#include "zookeeper/harness.h"

namespace odradek::zookeeper_test {
namespace {

class SimulatedHarness final : public Harness {
 public:
  explicit SimulatedHarness(std::uint64_t seed)
      : world_(seed), host_(world_.add_host("clients")), ensemble_(world_) {}

  std::unique_ptr<Session> make_session(const std::string& host, const SessionOptions& options,
                                        SessionHandler handler) override {
    return ensemble_.make_session(
        host, host_.world().loop(0),
        {.chroot = options.chroot,
         .session_timeout = std::chrono::milliseconds(options.session_timeout_ms),
         .connection_timeout = std::chrono::milliseconds(options.connection_timeout_ms)},
        std::move(handler));
  }
  env::World& world() override { return host_.world(); }
  void on_loop(std::function<void()> step) override {
    bool is_done = false;
    host_.world().loop(0).post([&] {
      step();
      is_done = true;
    });
    (void)world_.run_until([&] { return is_done; }, std::chrono::seconds(1));
  }
  bool run_until(std::function<bool()> condition) override {
    return world_.run_until(condition, std::chrono::minutes(5));
  }
  void drop_connections(const std::string& host) override { ensemble_.drop_connections(host); }
  void cut(const std::string& host) override { ensemble_.cut(host); }
  void heal(const std::string& host) override { ensemble_.heal(host); }
  void go_away() override { ensemble_.go_away(); }
  void come_back() override { ensemble_.come_back(); }

 private:
  env::sim::SimWorld world_;
  env::sim::SimHost& host_;
  zookeeper::sim::SimZookeeper ensemble_;
};

}  // namespace

std::unique_ptr<Harness> make_simulated_harness(std::uint64_t seed) {
  return std::make_unique<SimulatedHarness>(seed);
}

}  // namespace odradek::zookeeper_test
