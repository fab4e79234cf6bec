// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <future>
#include <map>
#include <memory>
#include <utility>

#include "env/linux/linux_world.h"
#include "quorum/zookeeper/client_session.h"
#include "zookeeper/harness.h"
#include "zookeeper/proxy.h"
#include "zookeeper/server.h"

namespace odradek::zookeeper_test {
namespace {

// One for all tests of the process: starting it is what takes long.
std::shared_ptr<Server> shared_server() {
  static const auto server = std::make_shared<Server>();
  return server;
}

class RealHarness final : public Harness {
 public:
  explicit RealHarness(std::shared_ptr<Server> server) : server_(std::move(server)) {
    world_.start();
  }

  std::unique_ptr<Session> make_session(const std::string& host, const SessionOptions& options,
                                        SessionHandler handler) override {
    zookeeper::ClientOptions made;
    made.connect.servers = fmt::format("127.0.0.1:{}", proxy(host).port());
    made.connect.chroot = options.chroot;
    made.session_timeout = std::chrono::milliseconds(options.session_timeout_ms);
    made.connection_timeout = std::chrono::milliseconds(options.connection_timeout_ms);
    made.set_acl = options.set_acl;
    made.digest_credentials = options.digest_credentials;
    return std::make_unique<zookeeper::ClientSession>(world_.loop(0), world_.workers(), made,
                                                      std::move(handler));
  }

  env::World& world() override { return world_; }
  void on_loop(std::function<void()> step) override {
    std::promise<void> done;
    world_.loop(0).post([&] {
      step();
      done.set_value();
    });
    done.get_future().wait();
  }

  bool run_until(std::function<bool()> condition) override {
    const auto deadline = world_.clock().monotonic() + std::chrono::minutes(1);
    bool holds = false;
    while (!holds && world_.clock().monotonic() < deadline) {
      std::promise<void> asked;
      world_.loop(0).run_after(std::chrono::milliseconds(1), [&] {
        holds = condition();
        asked.set_value();
      });
      asked.get_future().wait();
    }
    return holds;
  }

  void drop_connections(const std::string& host) override { proxy(host).drop(); }
  void cut(const std::string& host) override { proxy(host).cut(); }
  void heal(const std::string& host) override { proxy(host).heal(); }
  void ignore_next(const std::string& host) override { proxy(host).ignore_next(); }
  void go_away() override { server_->kill(); }
  void come_back() override { server_->start(); }

 private:
  Proxy& proxy(const std::string& host) {
    auto& made = proxies_[host];
    if (!made) made = std::make_unique<Proxy>(server_->port());
    return *made;
  }

  std::shared_ptr<Server> server_;
  std::map<std::string, std::unique_ptr<Proxy>> proxies_;
  env::LinuxWorld world_{{.loop_count = 1, .worker_threads = 4}};
};

}  // namespace

std::unique_ptr<Harness> make_real_harness() {
  return std::make_unique<RealHarness>(shared_server());
}

}  // namespace odradek::zookeeper_test
