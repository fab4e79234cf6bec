// SPDX-License-Identifier: Apache-2.0
#include "cli/admin/admin.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <future>

#include "cli/admin/error_text.h"
#include "cli/zookeeper/brokers.h"
#include "wire/messages/find_coordinator.h"
#include "wire/messages/metadata.h"

namespace odradek::cli {
namespace {

constexpr env::Duration kRetryInterval = std::chrono::milliseconds(50);
constexpr std::string_view kDefaultServer = "127.0.0.1:9092";

env::LinuxWorldOptions one_loop() {
  env::LinuxWorldOptions options;
  options.loop_count = 1;
  options.worker_threads = 1;
  return options;
}

std::string setting(const ClientConfig& config, std::string_view key, std::string_view otherwise) {
  const auto found = config.find(key);
  return found == config.end() ? std::string(otherwise) : found->second;
}

base::Result<env::Duration> configured_timeout(const ClientConfig& config,
                                               env::Duration otherwise) {
  constexpr std::string_view kKey = "default.api.timeout.ms";
  const auto found = config.find(kKey);
  if (found == config.end()) return otherwise;
  const std::string& text = found->second;
  std::int32_t timeout_ms = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), timeout_ms);
  if (error != std::errc() || end != text.data() + text.size() || timeout_ms < 0) {
    return base::fail(base::ErrorCode::kInvalidConfig,
                      fmt::format("{} is a number of milliseconds, not '{}'", kKey, text));
  }
  return std::chrono::milliseconds(timeout_ms);
}

}  // namespace

Admin::Admin(env::Duration timeout, std::string client_id)
    : timeout_(timeout), client_id_(std::move(client_id)), world_(one_loop()) {
  world_.start();
}

Admin::~Admin() {
  clients_.clear();
  server_.reset();
}

net::PeerClientOptions Admin::options() const {
  net::PeerClientOptions options;
  options.client_id = client_id_;
  options.connect_timeout = std::min<env::Duration>(timeout_, options.connect_timeout);
  return options;
}

base::Result<std::unique_ptr<Admin>> Admin::connect(const std::vector<env::Address>& servers,
                                                    const ClientConfig& config,
                                                    env::Duration timeout) {
  const std::string protocol = setting(config, "security.protocol", "PLAINTEXT");
  if (protocol != "PLAINTEXT") {
    return base::fail(
        base::ErrorCode::kInvalidConfig,
        fmt::format("security.protocol={} is not there yet: only PLAINTEXT is", protocol));
  }
  std::unique_ptr<Admin> admin(new Admin(timeout, setting(config, "client.id", "odradek-admin")));
  std::string reasons;
  for (const env::Address& server : servers) {
    admin->server_ = std::make_unique<net::BlockingClient>(
        admin->world_.network(), admin->world_.loop(0), server, admin->options());
    const auto connected = admin->server_->connect();
    if (connected) return admin;
    if (!reasons.empty()) reasons += "; ";
    reasons += connected.error().message;
  }
  return base::fail(base::ErrorCode::kNetworkException,
                    fmt::format("No server answers: {}", reasons));
}

base::Result<std::unique_ptr<Admin>> Admin::connect(const Invocation& invocation,
                                                    env::Duration timeout, std::string_view call) {
  const Flags& flags = invocation.flags;
  ClientConfig config;
  if (const auto path = flags.value("command-config")) {
    env::LinuxWorld world(one_loop());
    auto loaded = load_client_config(world, *path);
    if (!loaded) return base::fail(std::move(loaded));
    config = *std::move(loaded);
  }
  const std::string controllers = flags.value_or("bootstrap-controller", kDefaultServer);
  auto named =
      bootstrap_servers(flags, setting(config, "security.protocol", "PLAINTEXT"), controllers);
  if (!named) return base::fail(std::move(named));
  auto servers = parse_servers(*named);
  if (!servers) return base::fail(std::move(servers));
  auto bounded = configured_timeout(config, timeout);
  if (!bounded) return base::fail(std::move(bounded));
  auto admin = connect(*servers, config, *bounded);
  const bool is_absent = !admin && (admin.error().code == base::ErrorCode::kNetworkException ||
                                    admin.error().code == base::ErrorCode::kRequestTimedOut);
  if (!is_absent || invocation.is_native || call.empty()) return admin;
  return base::fail(admin.error().code,
                    fmt::format("Timed out waiting for a node assignment. Call: {} ({})", call,
                                admin.error().message));
}

base::Result<const Admin::Cluster*> Admin::cluster() {
  if (cluster_ && !cluster_has_changed_) return &*cluster_;
  wire::MetadataRequest request;
  request.allow_auto_topic_creation = false;
  auto answer = ask<wire::MetadataResponse>(std::move(request));
  if (!answer) return base::fail(std::move(answer));
  Cluster known{answer->controller_id, {}};
  for (const auto& broker : answer->brokers) {
    known.brokers[broker.node_id] = {broker.host, static_cast<std::uint16_t>(broker.port)};
  }
  cluster_ = std::move(known);
  cluster_has_changed_ = false;
  return &*cluster_;
}

base::Result<net::BlockingClient*> Admin::client_of(base::BrokerId broker) {
  auto known = cluster();
  if (!known) return base::fail(std::move(known));
  const auto found = (*known)->brokers.find(broker);
  if (found == (*known)->brokers.end()) {
    return base::fail(base::ErrorCode::kBrokerNotAvailable,
                      fmt::format("Broker {} is not in the cluster", broker.value()));
  }
  // A cluster of one is the server that was named, whatever address it advertises.
  if ((*known)->brokers.size() == 1 || found->second == server_->address()) return server_.get();
  auto& client = clients_[broker];
  if (client == nullptr) {
    client = std::make_unique<net::BlockingClient>(world_.network(), world_.loop(0), found->second,
                                                   options());
  }
  return client.get();
}

base::Result<Admin::Located> Admin::locate(const std::string& group, CoordinatorType type) {
  wire::FindCoordinatorRequest request;
  request.key_type = static_cast<std::int8_t>(type);
  request.coordinator_keys = {group};
  auto answer = ask<wire::FindCoordinatorResponse>(std::move(request));
  if (!answer && answer.error().code == base::ErrorCode::kUnsupportedVersion) {
    // Kafka 2 can be asked for one only.
    wire::FindCoordinatorRequest single;
    single.key_type = static_cast<std::int8_t>(type);
    single.key = group;
    answer = ask<wire::FindCoordinatorResponse>(std::move(single));
  }
  if (!answer) return base::fail(std::move(answer));
  if (answer->coordinators.empty()) {
    return Located{answer->error_code, error_text(answer->error_code, answer->error_message),
                   answer->node_id};
  }
  const auto& found = answer->coordinators[0];
  return Located{found.error_code, error_text(found.error_code, found.error_message),
                 found.node_id};
}

base::Result<base::BrokerId> Admin::transaction_coordinator_of(const std::string& id) {
  const auto deadline = world_.clock().monotonic() + timeout_;
  while (true) {
    auto located = locate(id, CoordinatorType::kTransaction);
    if (!located) return base::fail(std::move(located));
    if (located->code == base::ErrorCode::kNone) return located->broker;
    if (!base::is_retriable(located->code) || world_.clock().monotonic() > deadline) {
      return base::fail(located->code, located->message);
    }
    pause(kRetryInterval);
  }
}

base::Result<base::BrokerId> Admin::coordinator_of(const std::string& group) {
  const auto known = coordinators_.find(group);
  if (known != coordinators_.end()) return known->second;
  const auto deadline = world_.clock().monotonic() + timeout_;
  while (true) {
    auto located = locate(group);
    if (!located) return base::fail(std::move(located));
    if (located->code == base::ErrorCode::kNone) return coordinators_[group] = located->broker;
    if (!base::is_retriable(located->code) || world_.clock().monotonic() > deadline) {
      return base::fail(located->code, located->message);
    }
    pause(kRetryInterval);
  }
}

// Remembers those that are there; the others are asked for again one by one.
base::Result<> Admin::locate_together(const std::vector<std::string>& groups) {
  wire::FindCoordinatorRequest request;
  request.coordinator_keys = groups;
  auto answer = ask<wire::FindCoordinatorResponse>(std::move(request));
  if (!answer && answer.error().code == base::ErrorCode::kUnsupportedVersion) return {};
  if (!answer) return base::fail(std::move(answer));
  for (const auto& found : answer->coordinators) {
    if (found.error_code == base::ErrorCode::kNone) coordinators_[found.key] = found.node_id;
  }
  return {};
}

base::Result<std::map<base::BrokerId, std::vector<std::string>>> Admin::by_coordinator(
    const std::vector<std::string>& groups) {
  if (groups.size() > 1) {
    if (auto located = locate_together(groups); !located) return base::fail(std::move(located));
  }
  std::map<base::BrokerId, std::vector<std::string>> located;
  for (const std::string& group : groups) {
    auto coordinator = coordinator_of(group);
    if (!coordinator) return base::fail(std::move(coordinator));
    located[*coordinator].push_back(group);
  }
  return located;
}

bool Admin::may_find_coordinator_again(base::ErrorCode code, env::MonotonicTime deadline) {
  using enum base::ErrorCode;
  if (code != kNotCoordinator && code != kCoordinatorLoadInProgress &&
      code != kCoordinatorNotAvailable) {
    return false;
  }
  if (world_.clock().monotonic() > deadline) return false;
  coordinators_.clear();
  pause(kRetryInterval);
  return true;
}

bool Admin::may_find_controller_again(base::ErrorCode code, env::MonotonicTime deadline) {
  using enum base::ErrorCode;
  if (code != kNotController && code != kNetworkException) return false;
  if (world_.clock().monotonic() > deadline) return false;
  pause(kRetryInterval);
  if (code == kNetworkException) replace_server();
  clients_.clear();
  cluster_has_changed_ = true;
  return true;
}

void Admin::replace_server() {
  if (!cluster_ || server_->connect()) return;
  for (const auto& [id, address] : cluster_->brokers) {
    if (address == server_->address()) continue;
    auto other =
        std::make_unique<net::BlockingClient>(world_.network(), world_.loop(0), address, options());
    if (!other->connect()) continue;
    server_ = std::move(other);
    return;
  }
}

void Admin::pause(env::Duration duration) {
  auto passed = std::make_shared<std::promise<void>>();
  auto future = passed->get_future();
  world_.loop(0).post([this, passed, duration] {
    world_.loop(0).run_after(duration, [passed] { passed->set_value(); });
  });
  future.wait();
}

}  // namespace odradek::cli
