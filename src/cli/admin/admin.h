// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "cli/client_config.h"
#include "cli/command.h"
#include "env/linux/linux_world.h"
#include "net/blocking_client.h"
#include "wire/error_search.h"

namespace odradek::cli {

// What FindCoordinator is asked for.
enum class CoordinatorType : std::int8_t { kGroup = 0, kTransaction = 1, kShare = 2 };

// A connection to a cluster, for commands: asks the server that was named, and the controller, the
// coordinator or a leader where only they can answer. Errors are sentences for people; those of a
// server that is not there have NETWORK_EXCEPTION or REQUEST_TIMED_OUT. Threads: the caller's.
class Admin {
 public:
  struct Cluster {
    base::BrokerId controller;
    std::map<base::BrokerId, env::Address> brokers;
  };

  // Connects to the first of `servers` that answers. `config` holds a client's settings under
  // Kafka's names; the time-out bounds each request.
  [[nodiscard]] static base::Result<std::unique_ptr<Admin>> connect(
      const std::vector<env::Address>& servers, const ClientConfig& config, env::Duration timeout);
  // By the flags of connection_flags.h and zookeeper/brokers.h that a command has.
  // default.api.timeout.ms of the command's configuration wins over `timeout`. Where no server
  // answers, the error under a Kafka name begins with the words of Kafka's clients about `call`
  // ("listTopics"), which scripts look for.
  [[nodiscard]] static base::Result<std::unique_ptr<Admin>> connect(const Invocation& invocation,
                                                                    env::Duration timeout,
                                                                    std::string_view call = {});
  ~Admin();

  // Asks the server that was named.
  template <typename Response, typename Request>
  [[nodiscard]] base::Result<Response> ask(Request request) {
    return server_->call<Response>(std::move(request), timeout_);
  }
  template <typename Response, typename Request>
  [[nodiscard]] base::Result<Response> ask(base::BrokerId broker, Request request) {
    auto client = client_of(broker);
    if (!client) return base::fail(std::move(client));
    return (*client)->call<Response>(std::move(request), timeout_);
  }
  // Asks again, until the time-out, where the controller has changed or the connection to it is
  // lost, as Kafka's clients do: so the change may have been made by the one before.
  template <typename Response, typename Request>
  [[nodiscard]] base::Result<Response> ask_controller(Request request) {
    const auto deadline = world_.clock().monotonic() + timeout_;
    while (true) {
      auto answer = ask_controller_once<Response>(request);
      base::ErrorCode code = base::ErrorCode::kNone;
      if (!answer) {
        code = answer.error().code;
      } else if (wire::has_error(Response::layout(), &*answer, base::ErrorCode::kNotController)) {
        code = base::ErrorCode::kNotController;
      }
      if (!may_find_controller_again(code, deadline)) return answer;
    }
  }

  // Asked once, and again where the controller has changed.
  [[nodiscard]] base::Result<const Cluster*> cluster();
  // Waits for a coordinator that is being set up, until the time-out. Asked once for each group.
  [[nodiscard]] base::Result<base::BrokerId> coordinator_of(const std::string& group);
  // The same of a transactional id.
  [[nodiscard]] base::Result<base::BrokerId> transaction_coordinator_of(const std::string& id);
  // The groups of each coordinator, in the order given; asked in one request where the server can.
  [[nodiscard]] base::Result<std::map<base::BrokerId, std::vector<std::string>>> by_coordinator(
      const std::vector<std::string>& groups);

  // Asks again, until the time-out, what a coordinator refuses because it is not that of the group,
  // or not yet. `code_of` says what the answer's error is where it is not the Result's.
  template <typename Ask>
  [[nodiscard]] auto retry(Ask ask) -> decltype(ask()) {
    return retry(std::move(ask), [] {});
  }
  template <typename Ask, typename CodeOf>
  [[nodiscard]] auto retry(Ask ask, CodeOf code_of) -> decltype(ask()) {
    const auto deadline = world_.clock().monotonic() + timeout_;
    while (true) {
      auto done = ask();
      base::ErrorCode code = base::ErrorCode::kNone;
      if (!done) {
        code = done.error().code;
      } else if constexpr (requires { code_of(*done); }) {
        code = code_of(*done);
      }
      if (!may_find_coordinator_again(code, deadline)) return done;
    }
  }

  env::LinuxWorld& world() { return world_; }
  env::Duration timeout() const { return timeout_; }
  // Blocks the caller.
  void pause(env::Duration duration);

 private:
  Admin(env::Duration timeout, std::string client_id);
  struct Located {
    base::ErrorCode code = base::ErrorCode::kNone;
    std::string message;
    base::BrokerId broker;
  };
  base::Result<net::BlockingClient*> client_of(base::BrokerId broker);
  template <typename Response, typename Request>
  base::Result<Response> ask_controller_once(Request request) {
    auto known = cluster();
    if (!known) return base::fail(std::move(known));
    // One that is not told of has just gone: every broker forwards to the next one.
    if (!(*known)->brokers.contains((*known)->controller)) return ask<Response>(std::move(request));
    return ask<Response>((*known)->controller, std::move(request));
  }
  // Forgets who the controller is and waits a moment; false where that does not help, or it is too
  // late.
  bool may_find_controller_again(base::ErrorCode code, env::MonotonicTime deadline);
  // Goes on with a broker that answers where the server does not any more.
  void replace_server();
  // Forgets the coordinators and waits a moment; false where that does not help, or it is too late.
  bool may_find_coordinator_again(base::ErrorCode code, env::MonotonicTime deadline);
  base::Result<Located> locate(const std::string& group,
                               CoordinatorType type = CoordinatorType::kGroup);
  base::Result<> locate_together(const std::vector<std::string>& groups);
  net::PeerClientOptions options() const;

  const env::Duration timeout_;
  const std::string client_id_;
  env::LinuxWorld world_;
  std::unique_ptr<net::BlockingClient> server_;
  std::map<base::BrokerId, std::unique_ptr<net::BlockingClient>> clients_;
  std::optional<Cluster> cluster_;
  bool cluster_has_changed_ = false;  // what is known serves until the new one is
  std::map<std::string, base::BrokerId, std::less<>> coordinators_;
};

}  // namespace odradek::cli
