// SPDX-License-Identifier: Apache-2.0
#include "config/rules.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "config/listeners.h"
#include "config/settings.h"
#include "config/table.h"
#include "config/value.h"

namespace odradek::config {
namespace {

using Objections = std::vector<Objection>;

void refuse(const Settings& settings, std::string_view key, std::string_view why,
            Objections& objections) {
  objections.push_back(
      {std::string(key), fmt::format("{}={} is refused: {}", key, settings.text(key), why)});
}

// The first of `keys` that is given.
std::optional<std::string_view> given_of(const Settings& settings,
                                         std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (settings.is_set(key)) return key;
  }
  return std::nullopt;
}

// The first key's number is at most the second's, or less.
struct Order {
  std::string_view low;
  std::string_view high;
  bool is_strict = false;
};

constexpr Order kOrders[] = {
    {"replica.fetch.wait.max.ms", "replica.socket.timeout.ms"},
    {"replica.fetch.wait.max.ms", "replica.lag.time.max.ms"},
    {"group.consumer.min.heartbeat.interval.ms", "group.consumer.max.heartbeat.interval.ms"},
    {"group.consumer.min.heartbeat.interval.ms", "group.consumer.heartbeat.interval.ms"},
    {"group.consumer.heartbeat.interval.ms", "group.consumer.max.heartbeat.interval.ms"},
    {"group.consumer.min.session.timeout.ms", "group.consumer.max.session.timeout.ms"},
    {"group.consumer.min.session.timeout.ms", "group.consumer.session.timeout.ms"},
    {"group.consumer.session.timeout.ms", "group.consumer.max.session.timeout.ms"},
    {"group.consumer.heartbeat.interval.ms", "group.consumer.session.timeout.ms", true},
    {"group.consumer.min.assignment.interval.ms", "group.consumer.max.assignment.interval.ms"},
    {"group.consumer.min.assignment.interval.ms", "group.consumer.assignment.interval.ms"},
    {"group.consumer.assignment.interval.ms", "group.consumer.max.assignment.interval.ms"},
    {"group.share.min.heartbeat.interval.ms", "group.share.max.heartbeat.interval.ms"},
    {"group.share.min.heartbeat.interval.ms", "group.share.heartbeat.interval.ms"},
    {"group.share.heartbeat.interval.ms", "group.share.max.heartbeat.interval.ms"},
    {"group.share.min.session.timeout.ms", "group.share.max.session.timeout.ms"},
    {"group.share.min.session.timeout.ms", "group.share.session.timeout.ms"},
    {"group.share.session.timeout.ms", "group.share.max.session.timeout.ms"},
    {"group.share.heartbeat.interval.ms", "group.share.session.timeout.ms", true},
    {"group.share.min.assignment.interval.ms", "group.share.max.assignment.interval.ms"},
    {"group.share.min.assignment.interval.ms", "group.share.assignment.interval.ms"},
    {"group.share.assignment.interval.ms", "group.share.max.assignment.interval.ms"},
    {"group.share.min.delivery.count.limit", "group.share.delivery.count.limit"},
    {"group.share.delivery.count.limit", "group.share.max.delivery.count.limit"},
    {"group.share.min.partition.max.record.locks", "group.share.partition.max.record.locks"},
    {"group.share.partition.max.record.locks", "group.share.max.partition.max.record.locks"},
    {"group.share.min.record.lock.duration.ms", "group.share.record.lock.duration.ms"},
    {"group.share.record.lock.duration.ms", "group.share.max.record.lock.duration.ms"},
    {"group.share.max.size", "group.share.max.share.sessions"},
    {"group.streams.min.heartbeat.interval.ms", "group.streams.max.heartbeat.interval.ms"},
    {"group.streams.min.heartbeat.interval.ms", "group.streams.heartbeat.interval.ms"},
    {"group.streams.heartbeat.interval.ms", "group.streams.max.heartbeat.interval.ms"},
    {"group.streams.min.session.timeout.ms", "group.streams.max.session.timeout.ms"},
    {"group.streams.min.session.timeout.ms", "group.streams.session.timeout.ms"},
    {"group.streams.session.timeout.ms", "group.streams.max.session.timeout.ms"},
    {"group.streams.heartbeat.interval.ms", "group.streams.session.timeout.ms", true},
    {"group.streams.min.assignment.interval.ms", "group.streams.max.assignment.interval.ms"},
    {"group.streams.min.assignment.interval.ms", "group.streams.assignment.interval.ms"},
    {"group.streams.assignment.interval.ms", "group.streams.max.assignment.interval.ms"},
    {"group.streams.num.standby.replicas", "group.streams.max.standby.replicas"},
};

void check_orders(const Settings& settings, Objections& objections) {
  for (const Order& order : kOrders) {
    const std::int64_t low = settings.number(order.low);
    const std::int64_t high = settings.number(order.high);
    if (low < high || (low == high && !order.is_strict)) continue;
    if (settings.is_set(order.low)) {
      refuse(settings, order.low,
             fmt::format("it must be {} {}, which is {}", order.is_strict ? "below" : "at most",
                         order.high, high),
             objections);
    } else {
      refuse(settings, order.high,
             fmt::format("it must be {} {}, which is {}", order.is_strict ? "above" : "at least",
                         order.low, low),
             objections);
    }
  }
}

void check_node(const Settings& settings, Objections& objections) {
  if (!settings.is_set("node.id") || !settings.is_set("broker.id")) return;
  const auto node = settings.text("node.id");
  const auto broker = settings.text("broker.id");
  if (node == broker) return;
  objections.push_back(
      {"broker.id", fmt::format("node.id={} and broker.id={} are one setting under two names: "
                                "give one of them, or the same number",
                                node, broker)});
}

// KRaft's roles: a node of its own has both.
void check_roles(const Settings& settings, Objections& objections) {
  const auto roles = settings.list("process.roles");
  if (roles.empty() || roles.size() == 2) return;
  const bool is_broker = roles.front() == "broker";
  refuse(settings, "process.roles",
         fmt::format("this server is a broker with a controller of its own as yet, and {}; say "
                     "broker,controller, or leave it out",
                     is_broker ? "joins no controllers elsewhere" : "has no brokers elsewhere"),
         objections);
}

// "1@host:port,2@host:port": a voter other than this node asks for a quorum.
void check_voters(const Settings& settings, Objections& objections) {
  constexpr std::string_view kKey = "controller.quorum.voters";
  const std::int64_t node = settings.node_id().value_or(1);
  for (const std::string& voter : settings.list(kKey)) {
    const auto at = std::min(voter.find('@'), voter.size());
    const auto id = parse_whole(std::string_view(voter).substr(0, at));
    const auto address = parse_host_and_port(std::string_view(voter).substr(at));
    if (!id || !address || at == voter.size()) {
      return refuse(settings, kKey, "each voter is id@host:port", objections);
    }
    if (*id != node) {
      return refuse(settings, kKey,
                    fmt::format("this server is a node of its own as yet: the only voter may be "
                                "node.id, which is {}",
                                node),
                    objections);
    }
  }
}

void check_bootstrap_servers(const Settings& settings, Objections& objections) {
  constexpr std::string_view kKey = "controller.quorum.bootstrap.servers";
  const auto servers = settings.list(kKey);
  for (const std::string& server : servers) {
    if (!parse_host_and_port(server)) {
      return refuse(settings, kKey, "each is host:port", objections);
    }
  }
  if (servers.size() < 2) return;
  refuse(settings, kKey,
         "several controllers make a quorum, and this server is a node of its own as yet",
         objections);
}

std::string without_slash(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

void check_directories(const Settings& settings, Objections& objections) {
  const auto directories = settings.log_directories();
  std::set<std::string> seen;
  for (const std::string& path : directories) {
    if (!seen.insert(without_slash(path)).second) {
      const std::string_view key = settings.is_set("log.dirs") ? "log.dirs" : "log.dir";
      refuse(settings, key, fmt::format("{} is there twice", path), objections);
    }
  }
}

void check_cordoned(const Settings& settings, Objections& objections) {
  if (const auto reason = objection_to_cordoned(settings)) {
    refuse(settings, "cordoned.log.dirs", *reason, objections);
  }
}

void check_times(const Settings& settings, Objections& objections) {
  if (settings.log_retention_ms() == 0) {
    const auto key =
        given_of(settings, {"log.retention.ms", "log.retention.minutes", "log.retention.hours"});
    if (key) refuse(settings, *key, "it must be at least 1, or negative for ever", objections);
  }
  if (settings.log_roll_ms() < 1) {
    refuse(settings, "log.roll.ms", "it must be at least 1", objections);
  }
  if (settings.log_roll_jitter_ms() < 0) {
    refuse(settings, "log.roll.jitter.ms", "it must be at least 0", objections);
  }
}

void check_metrics(const Settings& settings, Objections& objections) {
  constexpr std::string_view kKey = "metrics.listener";
  if (settings.text(kKey).empty() || parse_host_and_port(settings.text(kKey))) return;
  refuse(settings, kKey, "it is host:port, or empty", objections);
}

void check_memory(const Settings& settings, Objections& objections) {
  const std::int64_t queued = settings.number("queued.max.request.bytes");
  const std::int64_t request = settings.number("socket.request.max.bytes");
  if (queued > 0 && queued < request) {
    refuse(settings, "queued.max.request.bytes",
           fmt::format("it must be at least socket.request.max.bytes, which is {}", request),
           objections);
  }
  constexpr std::int64_t kLeastForThread = 1 << 20;
  const std::int64_t threads = settings.number("log.cleaner.threads");
  if (threads > 0 &&
      settings.number("log.cleaner.dedupe.buffer.size") / threads <= kLeastForThread) {
    const auto key = given_of(settings, {"log.cleaner.dedupe.buffer.size", "log.cleaner.threads"});
    refuse(settings, *key,
           "log.cleaner.dedupe.buffer.size must be more than 1048576 for each of "
           "log.cleaner.threads",
           objections);
  }
}

// Each costs descriptors and a stack, and twice as many are made.
void check_threads(const Settings& settings, Objections& objections) {
  constexpr std::string_view kKey = "num.network.threads";
  constexpr std::int64_t kMost = 512;
  if (settings.number(kKey) <= kMost) return;
  refuse(settings, kKey, fmt::format("it must be at most {}: one a core does all the work", kMost),
         objections);
}

void check_connections(const Settings& settings, Objections& objections) {
  constexpr std::string_view kOverrides = "max.connections.per.ip.overrides";
  for (const std::string& entry : settings.list(kOverrides)) {
    const auto colon = std::min(entry.rfind(':'), entry.size());
    const auto count =
        parse_whole(std::string_view(entry).substr(std::min(colon + 1, entry.size())));
    if (colon == 0 || !count || *count < 0 || *count > INT32_MAX) {
      return refuse(settings, kOverrides, "each entry is host:number", objections);
    }
  }
  if (settings.number("max.connections.per.ip") == 0 && settings.list(kOverrides).empty()) {
    refuse(settings, "max.connections.per.ip",
           fmt::format("0 is allowed only where {} says who may come", kOverrides), objections);
  }
  const std::int64_t idle = settings.number("connections.max.idle.ms");
  constexpr std::string_view kDelay = "connection.failed.authentication.delay.ms";
  if (idle >= 0 && settings.number(kDelay) >= idle) {
    const auto key = given_of(settings, {kDelay, "connections.max.idle.ms"});
    refuse(settings, *key, fmt::format("{} must be below connections.max.idle.ms", kDelay),
           objections);
  }
}

void check_zookeeper(const Settings& settings, Objections& objections) {
  constexpr std::string_view kLists = "zookeeper.set.acl";
  constexpr std::string_view kCredentials = "zookeeper.digest.credentials";
  const std::string& credentials = settings.text(kCredentials);
  const auto colon = credentials.find(':');
  if (!credentials.empty() && (colon == 0 || colon == std::string::npos)) {
    // What is said of it does not show it.
    objections.push_back({std::string(kCredentials),
                          fmt::format("{} is refused: it is user:password", kCredentials)});
  }
  if (settings.flag(kLists) && credentials.empty()) {
    refuse(settings, kLists,
           fmt::format("the nodes are to be changed by one identity only, and {} does not say "
                       "which (user:password)",
                       kCredentials),
           objections);
  }
}

void check_groups(const Settings& settings, Objections& objections) {
  constexpr std::string_view kProtocols = "group.coordinator.rebalance.protocols";
  const auto protocols = settings.list(kProtocols);
  if (std::ranges::find(protocols, "classic") == protocols.end()) {
    refuse(settings, kProtocols, "classic cannot be left out", objections);
  }
  if (settings.list("group.share.assignors").size() != 1) {
    refuse(settings, "group.share.assignors", "it names exactly one", objections);
  }
}

void check_inter_broker(const Settings& settings, const std::vector<Listener>& listeners,
                        Objections& objections) {
  constexpr std::string_view kName = "inter.broker.listener.name";
  constexpr std::string_view kProtocol = "security.inter.broker.protocol";
  const bool is_named = settings.is_set(kName);
  // On a node of its own nobody comes that way.
  if (!is_named && settings.value("zookeeper.connect").value_or("").empty()) return;
  std::string name = settings.text(is_named ? kName : kProtocol);
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
  if (std::ranges::find(listeners, name, &Listener::name) == listeners.end()) {
    if (is_named) return refuse(settings, kName, "it is not one of listeners", objections);
    return refuse(settings, "listeners",
                  fmt::format("brokers reach each other over {} ({}), which is not one of them, "
                              "unless {} names another",
                              name, kProtocol, kName),
                  objections);
  }
  if (is_named && settings.is_set(kProtocol)) {
    refuse(settings, kName, fmt::format("give it or {}, not both", kProtocol), objections);
  }
}

}  // namespace

std::optional<std::string> objection_to_cordoned(const Settings& settings) {
  const auto cordoned = settings.list("cordoned.log.dirs");
  if (std::ranges::find(cordoned, "*") != cordoned.end()) {
    if (cordoned.size() == 1) return std::nullopt;
    return "* means all of them, and stands alone";
  }
  const auto directories = settings.log_directories();
  for (const std::string& path : cordoned) {
    if (std::ranges::find(directories, path) == directories.end()) {
      return path + " is none of log.dirs";
    }
  }
  return std::nullopt;
}

std::vector<Objection> objections_to(const Settings& settings) {
  Objections objections;
  for (const auto check :
       {check_node, check_roles, check_voters, check_bootstrap_servers, check_directories,
        check_cordoned, check_times, check_memory, check_metrics, check_threads, check_connections,
        check_zookeeper, check_groups, check_orders}) {
    check(settings, objections);
  }
  if (auto listeners = read_listeners(settings); !listeners) {
    objections.push_back(std::move(listeners).error());
  } else {
    check_inter_broker(settings, *listeners, objections);
  }
  return objections;
}

}  // namespace odradek::config
