// SPDX-License-Identifier: Apache-2.0
#include "broker/start/running_broker.h"

#include <fmt/core.h>

#include <utility>

#include "base/log.h"
#include "broker/controller/events_page.h"
#include "broker/metrics/metrics_page.h"
#include "broker/runtime/live_config.h"
#include "broker/runtime/log_config.h"
#include "broker/runtime/replicas.h"
#include "broker/server_options.h"
#include "broker/start/cluster_node.h"
#include "broker/start/log_options.h"
#include "config/listeners.h"
#include "net/http/http_server.h"
#include "net/server.h"

namespace odradek::broker {
namespace {

constexpr std::string_view kArea = "broker";

}  // namespace

base::Result<> RunningBroker::open_listeners() {
  server_ = std::make_unique<net::Server>(world_, sessions_, make_server_options(settings_));
  for (const ListenerConfig& listener : listener_configs_) {
    auto address = server_->listen(make_listener_options(settings_, listener));
    if (!address) return base::fail(std::move(address));
    bound_.push_back({listener.name, *address, listener.advertised.has_value()});
  }
  return {};
}

base::Result<> RunningBroker::open_metrics() {
  constexpr std::string_view kKey = "metrics.listener";
  const auto address = config::parse_host_and_port(settings_.text(kKey));
  if (!address) return {};
  metrics_ = std::make_unique<net::http::HttpServer>(
      world_, [this](const net::http::Request& request) -> net::http::Response {
        if (request.path == "/events") return events_page(*events_, request.query);
        if (request.path != "/metrics") return {.status = 404, .body = "try /metrics or /events\n"};
        return {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics_now()};
      });
  auto bound = metrics_->listen({address->host, address->port});
  if (!bound) {
    bound.error().message = fmt::format("{}: {}", kKey, bound.error().message);
    return base::fail(std::move(bound));
  }
  base::log::info(kArea, "metrics at http://{}/metrics", bound->to_string());
  return {};
}

std::string RunningBroker::metrics_now() const {
  const auto image = image_.load();
  return render_metrics({.logs = *logs_,
                         .partitions = partitions_,
                         .server = *server_,
                         .replication = *replication_,
                         .events = *events_,
                         .image = *image,
                         .is_controller = is_active_controller()});
}

// A node of its own always is.
bool RunningBroker::is_active_controller() const {
  if (!cluster_) return true;
  const auto place = cluster_->active().load();
  return place && place->broker == node_id_;
}

void RunningBroker::act_on_settings() {
  live_config_->act([this](const config::Settings&, const config::Settings& now) {
    cordon(now);
    logs_->mover().set_rate(move_rate(now));
  });
  live_config_->act([this](const config::Settings& before, const config::Settings& now) {
    constexpr std::string_view kLeast = "min.insync.replicas";
    const bool is_same = make_log_config(before, nullptr) == make_log_config(now, nullptr) &&
                         before.number(kLeast) == now.number(kLeast);
    if (!is_same) replicas_->configure_all(*image_.load());
  });
  live_config_->act(
      [this](const config::Settings&, const config::Settings&) { replication_->configure(); });
  live_config_->act([this](const config::Settings&, const config::Settings& now) {
    server_->set_limits(make_connection_limits(now, listener_configs_));
  });
  live_config_->act([this](const config::Settings& before, const config::Settings& now) {
    const auto bounds = flush_bounds_of(now);
    if (flush_bounds_of(before) != bounds) logs_->set_flush_bounds(bounds);
  });
  live_config_->act([this](const config::Settings&, const config::Settings& now) {
    logs_->set_reserve(now.number("log.dir.reserve.bytes"));
  });
  live_config_->act([this](const config::Settings&, const config::Settings& now) {
    logs_->set_recovery_threads(static_cast<int>(now.number("num.recovery.threads.per.data.dir")));
  });
  live_config_->act([this](const config::Settings& before, const config::Settings& now) {
    const std::int64_t backoff_ms = now.number("log.cleaner.backoff.ms");
    const auto options = make_cleaner_options(now);
    if (make_cleaner_options(before) == options &&
        before.number("log.cleaner.backoff.ms") == backoff_ms) {
      return;
    }
    logs_->configure_cleaner(options, backoff_ms);
  });
}

}  // namespace odradek::broker
